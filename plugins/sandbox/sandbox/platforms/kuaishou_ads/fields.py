"""Fields of 快手磁力引擎 records, each with a value, in the grammar of `sandbox.fields`."""

from __future__ import annotations

import typing as t

import orjson

from sandbox.fields import filled

_VALUES: t.Final[dict[str, t.Any]] = {"int": 1, "num": 1.25, "bool": True, "str": "演示"}


def _example(fields: str) -> bytes:
    """Return the JSON of a record of these fields."""

    def value(name: str, kind: str) -> t.Any:
        return "2026-11-01 08:00:00" if name.endswith("_time") and kind == "str" else _VALUES[kind]

    return orjson.dumps(filled(fields, value))


CAMPAIGN: t.Final = _example(
    "campaign_name:str,update_time:str,ad_type:int,create_time:str,campaign_type:int,"
    "campaign_sub_type:int,put_status:int,campaign_id:int,status:int,day_budget_schedule:int[],"
    "day_budget:int,bid_type:int,constraint_action_type:int,constraint_cpa:int,auto_adjust:int,"
    "auto_build:int,auto_build_name_rule{unit_name_rule:str,creative_name_rule:str},"
    "dsp_version:int,auto_manage:int,campaign_ocpx_action_type:int,"
    "campaign_ocpx_action_type_name:str,campaign_deep_conversion_type:int,"
    "campaign_deep_conversion_type_name:str,cap_roi_ratio:num,cap_bid:int,auto_photo_scope:int,"
    "photo_package_details[]{photo_package_id:int,name:str,photo_id_info:str[]},"
    "periodic_delivery_type:int,continue_period_type:int,range_budget:int,periodic_days:int,"
    "smart_material_supply:int,periodic_delivery_put_type:int,create_channel:int"
)

UNIT: t.Final = _example(
    "search_population_retargeting:int,im_message_mount:bool,series_pay_template_id:int,"
    "series_pay_mode:int,ad_type:int,adv_card_list[]{adv_card_id:int,card_type:int,price:int,"
    "sale_price:int,sdpa_card_content:str,subtitle:str,title:str,url:str},adv_card_option:int,"
    "app_download_type:int,app_icon_url:str,app_id:int,app_store:str[],asset_mining:bool,"
    "auto_create_photo:bool,backflow_forecast{backflow_cv_lower:int,backflow_cv_upper:int,"
    "backflow_payment:num,backflow_roi:num,backflow_timestamp:int},begin_time:str,bid:int,"
    "bid_type:int,campaign_id:int,compensate_status:int,component_id:int,consult_id:int,"
    "convert_id:int,cpa_bid:int,create_channel:int,create_time:str,day_budget:int,"
    "day_budget_schedule:str[],deep_conversion_bid:int,deep_conversion_type:int,"
    "diverse_data{app_name:str,app_package_name:str,device_os_type:int},dpa_categories:str[],"
    "dpa_unit_sub_type:int,dsp_version:int,end_time:str,enhance_conversion_type:int,"
    "extend_search:bool,jingle_bell_id:int,library_id:int,live_user_id:int,"
    "negative_word_param{exact_words:str[],phrase_words:str[]},ocpx_action_type:int,outer_id:str,"
    "page_group_detail{group_id:str,group_name:str,page_review_detail[]{page_id:int,"
    "review_detail:str,review_status:int}},play_button:str,playable_file_name:str,"
    "playable_id:int,playable_orientation:int,playable_switch:int,playable_url:str,"
    "product_id:str,product_image:str,product_name:str,product_price:num,put_status:int,"
    "quick_search:int,roi_ratio:num,scene_id:str[],schedule{fri:str[],mon:str[],sat:str[],"
    "sun:str[],thur:str[],tues:str[],wed:str[]},schedule_time:str,schema_id:str,schema_uri:str,"
    "show_mode:int,site_type:int,smart_bid:int,smart_cover:bool,speed:int,splash_ad_switch:bool,"
    "status:int,study_status:int,support_unit_ids:str[],target{distance_show[]{address:str,"
    "lng:str,lat:str,radius:int,location_name:str,poi_id:str},android_osv:int,app_ids:str[],"
    "app_interest_ids:str[],app_names:str[],behavior_interest{behavior{keyword[]{id:int,"
    "name:str},label:str[],scene_type:str[],strength_type:int,time_type:int},"
    "interest{keyword[]{id:int,name:str},label:str[]}},behavior_type:int,business_interest:str[],"
    "celebrity{behaviors:str[],fans_stars[]{id:int,name:str,type:int},category:str[]},"
    "device_brand:str[],device_brand_ids:str[],device_price:str[],"
    "disable_installed_app_switch:int,district_ids:str[],exclude_media:str[],"
    "exclude_population:str[],filter_converted_level:int,filter_time_range:int,gender:int,"
    "intelli_extend_option:int,ios_osv:int,media:str[],media_source_type:int,network:int,"
    "paid_audience:str[],platform_os:int,population:str[],region:str[],seed_population:str[],"
    "target_source:int,user_type:int,ip_type:int,auto_population:int,"
    "behavior_interest_param_show{category_ids:str[],keyword_ids:int[],custom_behavior:int,"
    "scene_types:int[]},filter_converted_wechat_id:str[],operators:int[],harmony_osv:int,"
    "age_v2{max:int,min:int},ages_range_v2:str[],ages_range:str[]},shared_user:int,"
    "target_explore:int,template_id:int,unit_id:int,unit_name:str,unit_source:int,unit_type:int,"
    "update_time:str,url_type:int,use_app_market:int,video_landing_page:bool,web_uri_type:int,"
    "dpa_outer_ids:str[],outer_loop_native:int,package_id:int,site_id:int,u_link:str,"
    "series_id:int,episode_id:int,series_card_type:int,series_card_info{pic_id:int,"
    "cover_image:str,description:str},page_audit_status:int,"
    "custom_mini_app_data{bootstrap_page:str,bootstrap_params:str,mini_app_id_platform:str,"
    "mini_app_type:int},dpa_dynamic_params:int,dpa_dynamic_params_for_dp:str,"
    "dpa_dynamic_params_for_uri:str,unit_material_type:int,live_component_type:int,"
    "kwai_book_id:int,series_pay_template_id_multi:int[],link_integration_type:int,"
    "night_scheduled_tag:int,url:str,review_detail:str"
)

CREATIVE: t.Final = _example(
    "micro_change_switch:int,actionbar_click_url:str,ad_photo_played_t3s_url:str,ad_type:int,"
    "app_grade_type:int,auto_deliver_type:int,campaign_id:int,click_track_url:str,"
    "cover_height:int,cover_url:str,cover_width:int,create_time:str,creative_category:int,"
    "creative_id:int,creative_material_type:int,creative_name:str,creative_tag:str[],"
    "display_info{action_bar_text:str,description:str},dpa_style_types:str[],dsp_version:int,"
    "expose_tag:str,high_light_flash:int,image_token:str,image_tokens:str[],impression_url:str,"
    "kol_user_type:int,live_creative_type:int,live_track_url:str,material_url:str[],"
    "merchant_library_id:int,merchant_product_id:str,new_expose_tag[]{text:str,url:str},"
    "outer_loop_native:int,overlay_bg_image_token:str,overlay_bg_url:str,overlay_type:str,"
    "photo_id:str,pic_id:str,put_status:int,reject_video_snapshot:str[],review_detail:str,"
    "short_slogan:str,splash_photos[]{height:int,width:int,photo_id:str},photo_md5:str,"
    "splash_pictures[]{height:int,width:int,pic_id:str},cover_id:int,ky_photo_id:int,status:int,"
    "sticker_title:str,unit_id:int,update_time:str,dpa_template_id:int,recommendation:str,"
    "kol_user_id:int,material_intelligent_optimize:int,creative_mode:int,open_account_native:int"
)

PROGRAM_CREATIVE: t.Final = _example(
    "micro_change_switch:int,action_bar:str,actionbar_click_url:str,ad_photo_played_t3s_url:str,"
    "app_grade_type:int,captions:str[],click_url:str,cover_image_tokens:str[],"
    "cover_image_urls:str[],cover_slogans:str[],create_time:str,creative_category:int,"
    "creative_tag:str[],creatives[]{creative_id:int,unit_id:int},unit_id:int,"
    "horizontal_photo_ids:str[],new_expose_tag[]{text:str,url:str},package_name:str,"
    "photo_list[]{cover_image_token:str,cover_image_url:str,creative_material_type:int,"
    "photo_id:int},pic_ids:str[],pic_list:str[],pic_url_list:str[],put_status:int,"
    "sticker_styles:str[],update_time:str,vertical_photo_ids:str[],view_status:int,"
    "view_status_reason:str,material_intelligent_optimize:int,outer_loop_native:int,"
    "kol_user_type:int,kol_user_id:int,recommendation:str,open_account_native:int,"
    "impression_url:str"
)

FIGURES: t.Final = _example(
    "event_pay_week_overall_roi:num,event_pay_three_day_overall_roi:num,"
    "event_pay_first_day_overall_roi:num,private_message_sent_cost:num,"
    "private_message_sent_ratio:num,private_message_sent_cnt:int,leads_submit_cost:num,"
    "leads_submit_cnt_ratio:num,leads_submit_cnt:int,played_num:int,"
    "minigame_iaa_purchase_amount_week_by_conversion_roi:num,"
    "minigame_iaa_purchase_amount_three_day_by_conversion_roi:num,"
    "minigame_iaa_purchase_amount_first_day_roi:num,"
    "minigame_iaa_purchase_amount_week_by_conversion:num,"
    "minigame_iaa_purchase_amount_three_day_by_conversion:num,"
    "minigame_iaa_purchase_amount_first_day:num,minigame_iaa_purchase_roi:num,"
    "minigame_iaa_purchase_amount:num,mmu_effective_customer_acquisition_7d_cnt:int,"
    "mmu_effective_customer_acquisition_cnt:int,effective_customer_acquisition_7d_ratio:num,"
    "effective_customer_acquisition_7d_cost:num,effective_customer_acquisition_7d_cnt:int,"
    "charge:num,show:int,aclick:int,bclick:int,share:int,comment:int,like:int,follow:int,"
    "report:int,block:int,negative:int,activation:int,submit:int,ad_photo_played_10s:int,"
    "ad_photo_played_2s:int,ad_photo_played_75percent:int,approx_pay_cost:num,"
    "approx_pay_count:int,approx_pay_ratio:num,cancel_like:int,click_conversion_ratio:num,"
    "conversion_cost:num,download_completed_cost:num,download_completed_ratio:num,"
    "download_conversion_ratio:num,download_installed:int,download_started_cost:num,"
    "download_started_ratio:num,event_ad_watch_10_times:int,event_ad_watch_10_times_cost:num,"
    "event_ad_watch_10_times_ratio:num,event_ad_watch_20_times:int,"
    "event_ad_watch_20_times_cost:num,event_ad_watch_20_times_ratio:num,"
    "event_ad_watch_5_times:int,event_ad_watch_5_times_cost:num,event_ad_watch_5_times_ratio:num,"
    "event_audition:int,event_consultation_valid_retained:int,"
    "event_consultation_valid_retained_cost:num,event_consultation_valid_retained_ratio:num,"
    "event_conversion_click_cost:num,event_conversion_click_ratio:num,"
    "event_credit_grant_first_day_app:int,event_credit_grant_first_day_app_cost:num,"
    "event_credit_grant_first_day_app_ratio:num,event_credit_grant_first_day_landing_page:int,"
    "event_credit_grant_first_day_landing_page_cost:num,"
    "event_credit_grant_first_day_landing_page_ratio:num,event_making_calls:int,"
    "event_making_calls_cost:num,event_making_calls_ratio:num,event_order_submit:int,"
    "event_pay_purchase_amount_one_day:num,event_pay_purchase_amount_one_day_by_conversion:num,"
    "event_pay_purchase_amount_one_day_by_conversion_roi:num,"
    "event_pay_purchase_amount_one_day_roi:num,event_pay_weighted_purchase_amount:num,"
    "event_pay_weighted_purchase_amount_first_day:num,"
    "event_pre_component_consultation_valid_retained:int,event_wechat_qr_code_link_click:int,"
    "live_event_goods_view:int,live_played_3s:int,played_end:int,played_five_seconds:int,"
    "played_three_seconds:int,adScene:str,ad_scene:str,placement_type:str,cancel_follow:int,"
    "download_started:int,download_completed:int,stat_date:str,stat_hour:int,photo_click:int,"
    "photo_click_ratio:num,action_ratio:num,impression_1k_cost:num,photo_click_cost:num,"
    "click_1k_cost:num,action_cost:num,event_pay_first_day:int,"
    "event_pay_purchase_amount_first_day:num,event_pay_first_day_roi:num,event_pay:int,"
    "event_pay_purchase_amount:num,event_pay_roi:num,event_register:int,event_register_cost:num,"
    "event_register_ratio:num,event_jin_jian_app:int,event_jin_jian_app_cost:num,"
    "event_credit_grant_app:int,event_credit_grant_app_cost:num,event_credit_grant_app_ratio:num,"
    "event_order_paid:int,event_order_paid_purchase_amount:num,event_order_paid_cost:num,"
    "form_count:int,form_cost:num,form_action_ratio:num,event_jin_jian_landing_page:int,"
    "event_jin_jian_landing_page_cost:num,event_credit_grant_landing_page:int,"
    "event_credit_grant_landing_page_cost:num,event_credit_grant_landing_ratio:num,"
    "event_next_day_stay_cost:num,event_next_day_stay_ratio:num,event_next_day_stay:int,"
    "play_3s_ratio:num,event_valid_clues:int,event_valid_clues_cost:num,ad_product_cnt:int,"
    "event_goods_view:int,merchant_reco_fans:int,event_order_amount_roi:num,"
    "event_goods_view_cost:num,merchant_reco_fans_cost:num,event_new_user_pay:int,"
    "event_new_user_pay_cost:num,event_new_user_pay_ratio:num,event_button_click:int,"
    "event_button_click_cost:num,event_button_click_ratio:num,play_5s_ratio:num,"
    "play_end_ratio:num,event_order_paid_roi:num,event_new_user_jinjian_app:int,"
    "event_new_user_jinjian_app_cost:num,event_new_user_jinjian_app_roi:num,"
    "event_new_user_credit_grant_app:int,event_new_user_credit_grant_app_cost:num,"
    "event_new_user_credit_grant_app_roi:num,event_new_user_jinjian_page:int,"
    "event_new_user_jinjian_page_cost:num,event_new_user_jinjian_page_roi:num,"
    "event_new_user_credit_grant_page:int,event_new_user_credit_grant_page_cost:num,"
    "event_new_user_credit_grant_page_roi:num,event_appoint_form:int,event_appoint_form_cost:num,"
    "event_appoint_form_ratio:num,event_appoint_jump_click:int,event_appoint_jump_click_cost:num,"
    "event_appoint_jump_click_ratio:num,union_event_pay_purchase_amount_7d:num,"
    "union_event_pay_purchase_amount_7d_roi:num,event_dsp_gift_form:int,event_app_invoked:int,"
    "event_app_invoked_cost:num,event_app_invoked_ratio:num,event_add_wechat:int,"
    "event_add_wechat_cost:num,event_add_wechat_ratio:num,event_multi_conversion:int,"
    "event_multi_conversion_ratio:num,event_multi_conversion_cost:num,event_watch_app_ad:int,"
    "event_ad_watch_times:int,event_ad_watch_times_ratio:num,event_ad_watch_times_cost:num,"
    "event_add_shopping_cart:int,event_add_shopping_cart_cost:num,event_get_through:int,"
    "event_get_through_cost:num,event_get_through_ratio:num,ad_photo_played_75percent_ratio:num,"
    "ad_photo_played_10s_ratio:num,ad_photo_played_2s_ratio:num,event_phone_get_through:int,"
    "event_intention_confirmed:int,event_wechat_connected:int,event_order_successed:int,"
    "event_phone_card_activate:int,event_measurement_house:int,ad_show:num,action_new_ratio:num,"
    "event_outbound_call:int,event_outbound_call_cost:num,event_outbound_call_ratio:num,"
    "key_action:int,key_action_cost:num,key_action_ratio:num,event_credit_card_recheck:int,"
    "event_credit_card_recheck_first_day:int,event_no_intention:int,event_form_submit:int,"
    "direct_submit_1d_cnt:int,event_form_submit_ratio:num,event_form_submit_cost:num,"
    "direct_submit_1d_cost:num,event_audition_30d_cnt:int,event_audition_cost:num,"
    "all_lesson_finish_cnt:int,all_lesson_finish_30d_cnt:int,high_price_class_pay_cnt:int,"
    "high_price_class_pay_30d_cnt:int"
)

ACCOUNT_REPORT: t.Final = _example(
    "event_pay_purchase_amount_week_by_conversion_roi:num,"
    "event_pay_purchase_amount_three_day_by_conversion_roi:num,"
    "event_pay_purchase_amount_week_by_conversion:num,"
    "event_pay_purchase_amount_three_day_by_conversion:num,conversion_num_by_impression_7d:int,"
    "conversion_num:int,conversion_num_cost:num,event_pay_30_day_overall_roi:num,"
    "event_pay_15_day_overall_roi:num,minigame_iaa_purchase_amount_30_day_by_conversion_roi:num,"
    "minigame_iaa_purchase_amount_15_day_by_conversion_roi:num,"
    "minigame_iaa_purchase_amount_30_day_by_conversion:num,"
    "minigame_iaa_purchase_amount_15_day_by_conversion:num,"
    "event_pay_purchase_amount_15_day_by_conversion:num,order_submit_amt:num,jinjian_0d_cnt:int,"
    "jinjian_3d_cnt:int,jinjian_0d_cnt_cost:num,jinjian_3d_cnt_cost:num,credit_grant_0d_cnt:int,"
    "credit_grant_3d_cnt:int,credit_grant_0d_cnt_cost:num,credit_grant_3d_cnt_cost:num,"
    "credit_grant_0d_cnt_ratio:num,credit_grant_3d_cnt_ratio:num,key_inapp_action_0d_cnt:int,"
    "key_inapp_action_3d_cnt:int,key_inapp_action_0d_cnt_cost:num,"
    "key_inapp_action_3d_cnt_cost:num,key_inapp_action_0d_cnt_ratio:num,"
    "key_inapp_action_3d_cnt_ratio:num,draw_credit_line_0d_cnt:int,"
    "draw_credit_line_0d_cnt_cost:num,draw_credit_line_0d_cnt_ratio:num,"
    "event_effective_customer_acquisition_cnt:int,event_effective_customer_acquisition_cost:num,"
    "event_effective_customer_acquisition_ratio:num"
)

CAMPAIGN_REPORT: t.Final = _example(
    "event_pay_purchase_amount_week_by_conversion_roi:num,"
    "event_pay_purchase_amount_three_day_by_conversion_roi:num,"
    "event_pay_purchase_amount_week_by_conversion:num,"
    "event_pay_purchase_amount_three_day_by_conversion:num,event_pay_30_day_overall_roi:num,"
    "event_pay_15_day_overall_roi:num,minigame_iaa_purchase_amount_30_day_by_conversion_roi:num,"
    "minigame_iaa_purchase_amount_15_day_by_conversion_roi:num,"
    "event_pay_purchase_amount_15_day_by_conversion:num,"
    "minigame_iaa_purchase_amount_30_day_by_conversion:num,"
    "minigame_iaa_purchase_amount_15_day_by_conversion:num,campaign_id:int,campaign_name:str,"
    "status:int,backflow_cv_lower:int,backflow_cv_upper:int,conversion_cost_lower:num,"
    "conversion_cost_upper:num,backflow_payment:num,backflow_roi:num,backflow_seven_payment:num,"
    "backflow_seven_roi:num,mcb_left_time_perf_cpa_bid:num,mcb_left_time_perf_roi_ratio:num,"
    "mcb_all_day_perf_cpa_bid:num,mcb_all_day_perf_roi_ratio:num,jinjian_0d_cnt:int,"
    "jinjian_3d_cnt:int,jinjian_0d_cnt_cost:num,jinjian_3d_cnt_cost:num,credit_grant_0d_cnt:int,"
    "credit_grant_3d_cnt:int,credit_grant_0d_cnt_cost:num,credit_grant_3d_cnt_cost:num,"
    "credit_grant_0d_cnt_ratio:num,credit_grant_3d_cnt_ratio:num,key_inapp_action_0d_cnt:int,"
    "key_inapp_action_3d_cnt:int,key_inapp_action_0d_cnt_cost:num,"
    "key_inapp_action_3d_cnt_cost:num,key_inapp_action_0d_cnt_ratio:num,"
    "key_inapp_action_3d_cnt_ratio:num,draw_credit_line_0d_cnt:int,"
    "draw_credit_line_0d_cnt_cost:num,draw_credit_line_0d_cnt_ratio:num"
)

UNIT_REPORT: t.Final = _example(
    "event_pay_purchase_amount_week_by_conversion_roi:num,"
    "event_pay_purchase_amount_three_day_by_conversion_roi:num,"
    "event_pay_purchase_amount_week_by_conversion:num,"
    "event_pay_purchase_amount_three_day_by_conversion:num,event_pay_30_day_overall_roi:num,"
    "event_pay_15_day_overall_roi:num,minigame_iaa_purchase_amount_30_day_by_conversion_roi:num,"
    "minigame_iaa_purchase_amount_15_day_by_conversion_roi:num,"
    "event_pay_purchase_amount_15_day_by_conversion:num,"
    "minigame_iaa_purchase_amount_30_day_by_conversion:num,"
    "minigame_iaa_purchase_amount_15_day_by_conversion:num,unit_id:int,unit_name:str,status:int,"
    "campaign_id:int,campaign_name:str,unit_source:int,jinjian_0d_cnt:int,jinjian_3d_cnt:int,"
    "jinjian_0d_cnt_cost:num,jinjian_3d_cnt_cost:num,credit_grant_0d_cnt:int,"
    "credit_grant_3d_cnt:int,credit_grant_0d_cnt_cost:num,credit_grant_3d_cnt_cost:num,"
    "credit_grant_0d_cnt_ratio:num,credit_grant_3d_cnt_ratio:num,key_inapp_action_0d_cnt:int,"
    "key_inapp_action_3d_cnt:int,key_inapp_action_0d_cnt_cost:num,"
    "key_inapp_action_3d_cnt_cost:num,key_inapp_action_0d_cnt_ratio:num,"
    "key_inapp_action_3d_cnt_ratio:num,draw_credit_line_0d_cnt:int,"
    "draw_credit_line_0d_cnt_cost:num,draw_credit_line_0d_cnt_ratio:num,creative_id:int,"
    "creative_name:str"
)

CREATIVE_REPORT: t.Final = _example(
    "event_pay_30_day_overall_roi:num,event_pay_15_day_overall_roi:num,"
    "minigame_iaa_purchase_amount_30_day_by_conversion_roi:num,"
    "minigame_iaa_purchase_amount_15_day_by_conversion_roi:num,"
    "event_pay_purchase_amount_15_day_by_conversion:num,"
    "minigame_iaa_purchase_amount_30_day_by_conversion:num,"
    "minigame_iaa_purchase_amount_15_day_by_conversion:num,creative_id:int,creative_name:str,"
    "status:int,campaign_id:int,campaign_name:str,unit_id:int,unit_name:str,photo_id:int,"
    "photo_md5:str,jinjian_0d_cnt:int,jinjian_3d_cnt:int,jinjian_0d_cnt_cost:num,"
    "jinjian_3d_cnt_cost:num,credit_grant_0d_cnt:int,credit_grant_3d_cnt:int,"
    "credit_grant_0d_cnt_cost:num,credit_grant_3d_cnt_cost:num,credit_grant_0d_cnt_ratio:num,"
    "credit_grant_3d_cnt_ratio:num,key_inapp_action_0d_cnt:int,key_inapp_action_3d_cnt:int,"
    "key_inapp_action_0d_cnt_cost:num,key_inapp_action_3d_cnt_cost:num,"
    "key_inapp_action_0d_cnt_ratio:num,key_inapp_action_3d_cnt_ratio:num,"
    "draw_credit_line_0d_cnt:int,draw_credit_line_0d_cnt_cost:num,"
    "draw_credit_line_0d_cnt_ratio:num"
)

PROGRAM_CREATIVE_REPORT: t.Final = _example(
    "creative_id:int,creative_name:str,status:int,campaign_id:int,campaign_name:str,unit_id:int,"
    "unit_name:str,photo_id:str,photo_url:str,cover_url:str,image_token:str,description:str,"
    "pic_url:str,pic_image_token:str,pic_id:int,photo_md5:str"
)

QUERY_WORD_REPORT: t.Final = _example(
    "word:str,trigger_type:int,query:str,word_info_id:int,unit_id:int,unit_name:str,"
    "campaign_id:int,campaign_name:str"
)

MERCHANT_REPORT: t.Final = _example(
    "report_date:str,report_hour:int,report_date_hour:str,campaign_name:str,campaign_id:str,"
    "unit_name:str,unit_id:str,creative_name:str,creative_id:str,cost_total:int,impression:int,"
    "photo_click:int,photo_click_ratio:num,click:int,actionbar_click:int,action_ratio:num,"
    "merchant_photo_impression_1k_cost:num,merchant_photo_click_cost:num,"
    "merchant_impression_1k_cost:num,merchant_click_cost:num,play_3s_ratio:num,play_5s_ratio:num,"
    "play_end_ratio:num,share:int,comment:int,likes:int,report:int,block:int,negative:int,"
    "merchant_reco_fans:int,reco_fans_cost:num,paied_order:int,order_cost:num,gmv:num,t0_gmv:int,"
    "t1_gmv:int,t3_gmv:int,t7_gmv:int,t15_gmv:int,t30_gmv:int,roi:num,t0Roi:num,t1Roi:num,"
    "t3Roi:num,t7Roi:num,t15Roi:num,t30Roi:num,t7_retention:int,t30_retention:int,"
    "t7_retention_ratio:num,t30_retention_ratio:num,t0_order_cnt:int,t1_order_cnt:int,"
    "t3_order_cnt:int,t7_order_cnt:int,t15_order_cnt:int,t30_order_cnt:int,put_status:int,"
    "unit_create_time:int,campaign_create_time:int,creative_create_time:int,t1_retention:int,"
    "t1_retention_ratio:num,t0_roi:num,t1_roi:num,t3_roi:num,t7_roi:num,t15_roi:num,t30_roi:num,"
    "played_three_seconds:int,played_five_seconds:int,played_end:int,live_played_3s:int,"
    "live_event_goods_view:int,live_reward:int,live_comment:int,live_share:int,"
    "conversion_live_play_3_s_cost:num,conversion_live_event_goods_view_cost:num,"
    "live_event_goods_view_ratio:num,reportDateHour:str"
)

FUND_DAILY_FLOW: t.Final = _example(
    "share_credit_charge:num,share_real_charge:num,daily_share_charge:num,advertiser_id:int,"
    "date:str,daily_charge:num,real_charged:num,contract_rebate_real_charged:num,"
    "direct_rebate_real_charged:num,daily_transfer_in:num,daily_transfer_out:num,balance:num,"
    "real_recharged:num,contract_rebate_real_recharged:num,direct_rebate_real_recharged:num,"
    "order_total_charged:num,order_real_charged:num,order_contract_charged:num,"
    "order_direct_charged:num,frame_share_wallet_charge:num"
)

FUND_BALANCE: t.Final = _example(
    "direct_rebate:num,contract_rebate:num,recharge_balance:num,balance:num,extended_balance:num,"
    "total_shared_wallet_balance:num,total_frame_shared_wallet_balance:num"
)

OPERATION_RECORD: t.Final = _example(
    "object_id:str,operation_type:int,operation_target:int,role_type:int,object_name:str,"
    "operation_time:str,content_log[]{field_name:str,original_data:str,update_data:str}"
)

VIDEO: t.Final = _example(
    "cover_url:str,photo_id:str,photo_name:str,create_time:str,signature:str,new_status:int,"
    "source:int,url:str,authorization:int,duration:int,upload_time:str,photo_tag:str[],width:int,"
    "height:int,status:int,photo_wake_status:int,photo_tag_identify_items[]{dimension:str,"
    "adAssetTagActionItems[]{action:str,adAssetTagInfoItemList[]{tagId:int,tagName:str,"
    "tagDetail:str}}},photo_user_id:int,outer_loop_native:int,atlas_pic_ids:str[],"
    "atlas_audio_bs_key:str,atlas_audio_url:str,shield_status:int,cursor:int,"
    "photo_dup_status:int,low_quality_status:int"
)

CLUE: t.Final = _example(
    "id:int,clue_tag:int,user_name:str,phone:str,phone_stat:int,intention_id:int,account_id:int,"
    "user_id:int,give_up_reason:str,source_type:int,page_id:int,page_name:str,source_url:str,"
    "create_time:str,update_time:str,sea_type:int,biz_id:int,channel_flag:int,"
    "schedule{schedule_id:int,schedule_desc:str},clue_source{callback:str,dsp_campaign_id:int,"
    "dsp_unit_id:int,dsp_creative_id:int},form{name:str,key:str,value:str,comp_type:str,"
    "custom_id:str},icc_info{phone_name:str,to_phone:str,from_phone:str,call_start_time:str,"
    "call_answer_time:str,call_finish_time:str,call_duration:int},clue_stat:int,"
    "child_intention_tag{child_intention_id:int,child_intention_desc:str},biz_source:str,"
    "campaign_type:str,collect_account_id:int,attr_clue_account_id:int,submit_user_id:int"
)
