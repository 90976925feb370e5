"""Fields of 拼多多 records, in the grammar of `sandbox.fields`."""

from __future__ import annotations

import typing as t

from sandbox.fields import blank

ORDER: t.Final = blank(
    "address:str,address_mask:str,after_sales_status:int,bonded_warehouse:str,buyer_memo:str,"
    "capital_free_discount:str,card_info_list[]{card_no:str,mask_password:str},cat_id_1:int,"
    "cat_id_2:int,cat_id_3:int,cat_id_4:int,city:str,city_id:int,confirm_status:int,"
    "confirm_time:str,country:str,country_id:int,created_time:str,delivery_home_value:str,"
    "delivery_install_value:str,delivery_one_day:int,discount_amount:str,duoduo_wholesale:int,"
    "extra_delivery_list[]{logistics_id:int,tracking_number:str},free_sf:int,"
    "gift_delivery_list[]{logistics_id:int,tracking_number:str},gift_list[]{goods_count:int,"
    "goods_id:int,goods_img:str,goods_name:str,goods_price:str,goods_spec:str,outer_goods_id:str,"
    "outer_id:str,sku_id:int,order_sn:str},goods_amount:str,group_order_id:int,group_role:int,"
    "group_status:int,home_delivery_type:int,home_install_value:str,inner_transaction_id:str,"
    "invoice_status:int,is_lucky_flag:int,is_pre_sale:int,is_stock_out:int,"
    "item_list[]{goods_count:int,goods_id:int,goods_img:str,goods_name:str,goods_price:str,"
    "goods_spec:str,outer_goods_id:str,outer_id:str,sku_id:int},last_ship_time:str,"
    "logistics_id:int,mkt_biz_type:int,only_support_replace:int,order_change_amount:str,"
    "order_depot_info{depot_code:str,depot_id:str,depot_name:str,depot_type:int,ware_id:str,"
    "ware_name:str,ware_sn:str,ware_sub_info_list[]{ware_id:int,ware_name:str,ware_quantity:int,"
    "ware_sn:str},ware_type:int},order_sn:str,order_status:int,order_tag_list[]{name:str,"
    "value:int},pay_amount:str,pay_no:str,pay_time:str,pay_type:str,platform_discount:str,"
    "postage:str,pre_sale_time:str,promise_delivery_time:str,province:str,province_id:int,"
    "receive_time:str,receiver_address:str,receiver_address_mask:str,receiver_name:str,"
    "receiver_name_mask:str,receiver_phone:str,receiver_phone_mask:str,refund_status:int,"
    "remark:str,remark_tag:int,remark_tag_name:str,resend_delivery_list[]{logistics_id:int,"
    "tracking_number:str},return_freight_payer:int,risk_control_status:int,self_contained:int,"
    "seller_discount:str,service_fee_detail[]{service_fee:str,service_name:str},"
    "shipping_time:str,shipping_type:int,step_order_info{advanced_paid_fee:str,"
    "step_discount_amount:str,step_paid_fee:str,step_trade_status:int},"
    "stock_out_handle_status:int,support_nationwide_warranty:int,town:str,town_id:int,"
    "tracking_number:str,trade_type:int,updated_at:str,urge_shipping_time:str,yyps_date:str,"
    "yyps_time:str,ship_additional_link_order:str,ship_additional_origin_order:str,"
    "bought_from_vegetable_info{not_sign:int},contact_mobile:str,"
    "consolidate_info{consolidate_type:int},duo_duo_pay_reduction:int,express_memos[]{scene:int,"
    "tag:str},extended_warranty_info{extended_warranty_range:int,extended_warranty_year:int},"
    "gift_order_status:int,government_subsidy_settle_details[]{amount:int,funder:int},"
    "identification_status:int,open_address_id:str,open_address_id_2:str,"
    "promotion_detail_list[]{discount_amount:int,promotion_type:int},"
    "related_order_list[]{order_sn:str,relation_type:int},trade_in_national_subsidy_amount:int,"
    "trade_in_national_subsidy_amount_type:int,weipai_initiator:int"
)

REFUND: t.Final = blank(
    "after_sale_reason:str,after_sales_status:int,after_sales_type:int,confirm_time:str,"
    "created_time:str,discount_amount:str,dispute_refund_status:int,good_image:str,goods_id:int,"
    "goods_name:str,goods_number:str,goods_price:str,id:int,order_amount:str,order_sn:str,"
    "outer_goods_id:str,outer_id:str,refund_amount:str,refund_operator_role:int,"
    "shipping_name:str,sku_id:str,speed_refund_flag:int,speed_refund_status:str,"
    "tracking_number:str,updated_time:str,user_shipping_status:str"
)

REFUND_DETAIL: t.Final = blank(
    "after_sales_reason:str,after_sales_status:int,after_sales_type:int,confirm_time:int,"
    "discount_amount:int,dispute_refund_status:int,"
    "exchange_shipping_detail{customer_send_back_ship_id:int,customer_send_back_trunk_number:str,"
    "exchange_goods_name:str,exchange_goods_number:int,exchange_goods_price:int,"
    "exchange_receiver_city:str,exchange_receiver_city_id:int,exchange_receiver_province:str,"
    "exchange_receiver_province_id:int,exchange_receiver_town:str,exchange_receiver_town_id:int,"
    "merchant_exchange_detail_address:str,merchant_exchange_detail_phone:str,"
    "merchant_exchange_detail_receiver:str,merchant_exchange_ship_id:int,"
    "merchant_exchange_trunk_number:str,sku_id_exchange:str,"
    "merchant_exchange_detail_address_mask:str,merchant_exchange_detail_phone_mask:str,"
    "merchant_exchange_detail_receiver_mask:str},expire_time:int,express_no:str,goods_number:int,"
    "goods_price:int,id:int,images:str[],join_or_not:str,order_amount:int,order_sn:str,"
    "recreated_at:int,refund_amount:int,remark:str,shipping_name:str,shipping_status:int,"
    "sku_id:str,speed_refund_flag:int,updated_time:str,user_shipping_status:str"
)

ITEM: t.Final = blank(
    "created_at:int,goods_id:int,goods_name:str,goods_quantity:int,goods_reserve_quantity:int,"
    "image_url:str,is_more_sku:int,is_onsale:int,thumb_url:str,sku_list[]{is_sku_onsale:int,"
    "outer_goods_id:str,outer_id:str,reserve_quantity:int,sku_id:int,sku_quantity:int,spec:str,"
    "spec_details[]{parent_id:int,parent_name:str,spec_id:int,spec_name:str,spec_note:str}}"
)

ITEM_DETAIL: t.Final = blank(
    "bad_fruit_claim:int,buy_limit:int,carousel_gallery_list:str[],cat_id:int,"
    "cost_template_id:int,country_id:int,customer_num:int,customs:str,delivery_one_day:int,"
    "delivery_type:int,detail_gallery_list:str[],elec_goods_attributes{begin_time:int,"
    "days_time:int,end_time:int,time_type:int},goods_desc:str,goods_id:int,goods_name:str,"
    "goods_property_list[]{punit:str,ref_pid:int,template_pid:int,vid:int,vvalue:str},"
    "goods_trade_attr{advances_days:int,booking_notes{url:str},life_span:int},"
    "goods_travel_attr{need_tourist:bool,type:int},goods_type:int,image_url:str,"
    "invoice_status:int,is_customs:int,is_folt:int,is_group_pre_sale:int,is_pre_sale:int,"
    "is_refundable:int,is_sku_pre_sale:int,lack_of_weight_claim:int,mai_jia_zi_ti:str,"
    "market_price:int,order_limit:int,out_source_goods_id:str,out_source_type:int,"
    "outer_goods_id:str,oversea_goods{bonded_warehouse_key:str,consumption_tax_rate:int,"
    "customs_broker:str,hs_code:str,value_added_tax_rate:int},oversea_type:int,pre_sale_time:int,"
    "quan_guo_lian_bao:int,second_hand:int,shang_men_an_zhuang:str,shipment_limit_second:int,"
    "size_spec_id:int,skuType:int,sku_list[]{is_onsale:int,length:int,limit_quantity:int,"
    "multi_price:int,out_sku_sn:str,out_source_sku_id:str,oversea_sku{measurement_code:str,"
    "specifications:str,taxation:int},price:int,quantity:int,reserve_quantity:int,sku_id:int,"
    "sku_pre_sale_time:int,sku_property_list[]{punit:str,ref_pid:int,value:str,vid:int},"
    "spec[]{parent_id:int,parent_name:str,spec_id:int,spec_name:str},thumb_url:str,weight:int},"
    "song_huo_an_zhuang:str,song_huo_ru_hu:str,status:int,tiny_name:str,two_pieces_discount:int,"
    "video_gallery[]{file_id:int,video_url:str},warehouse:str,warm_tips:str,zhi_huan_bu_xiu:int"
)
