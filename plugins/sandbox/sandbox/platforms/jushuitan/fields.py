"""Fields of 聚水潭 records, in the grammar of `sandbox.fields`.

`time` is a Beijing time as text; `num` may have a fraction.
"""

from __future__ import annotations

import typing as t

FIELDS: t.Final = {
    "orders": (
        "is_cod:bool,l_id:str,send_date:time,pay_date:time,freight:str,receiver_address:str,"
        "receiver_district:str,wms_co_id:str,logistics_company:str,as_id:num,free_amount:num,"
        "shop_name:str,question_type:str,outer_pay_id:str,so_id:str,type:str,order_from:str,"
        "status:str,pay_amount:num,shop_buyer_id:str,open_id:str,shop_status:str,"
        "receiver_mobile:str,receiver_phone:str,order_date:time,question_desc:str,"
        "receiver_city:str,receiver_state:str,receiver_name:str,o_id:int,shop_id:int,co_id:int,"
        "remark:str,package_no:str,warehouse_oid:str,drp_co_id_from:str,modified:time,"
        "labels:str,paid_amount:num,platform_free_amount:str,pay_free_amount:str,"
        "referrer_free_amount:str,shop_free_amount:str,currency:str,buyer_message:str,"
        "lc_id:str,cb_total_tax:str,invoice_title:str,invoice_type:str,buyer_tax_no:str,"
        "creator_name:str,plan_delivery_date:time,node:str,receiver_town:str,drp_co_id_to:str,"
        "shop_site:str,un_lid:str,end_time:time,receiver_country:str,receiver_zip:str,"
        "seller_flag:int,receiver_email:str,referrer_id:str,referrer_name:str,created:time,"
        "pays[]{is_order_pay:bool,buyer_account:str,amount:num,pay_date:time,outer_pay_id:str,"
        "pay_id:str,payment:str,status:str,pay_type:str,o_id:num},items[]{is_gift:bool,"
        "sku_id:str,name:str,refund_status:str,refund_id:str,price:num,outer_oi_id:str,"
        "item_status:str,i_id:str,properties_value:str,oi_id:int,amount:num,shop_sku_id:str,"
        "raw_so_id:str,qty:int,is_presale:bool,base_price:num,pic:str,sku_type:str,"
        "shop_i_id:str,buyer_paid_amount:num,seller_income_amount:num,referrer_id:str,"
        "lwh_id:str,lwh_name:str,remark:str,produced_date:str,batch_id:str,item_ext_data:str},"
        "skus:str,f_weight:num,weight:num,ts:int,buyer_id:str,buyer_paid_amount:num,"
        "seller_income_amount:num,chosen_channel:str,link_o_id:str,merge_so_id:str,"
        "shipment:str,sign_time:time,cb_finances{o_id:num,rebate_fee:int,product_tax:int,"
        "shipping_tax:int,other_income:int,voucher_from_seller:int,platform_commission:int,"
        "transition_fee:int,transaction_fee:int,opaque_bagging_fee:int,other_expense:int},"
        "is_merge:bool,is_split:bool,f_freight:num"
    ),
    "refunds": (
        "as_id:int,as_date:time,outer_as_id:str,o_id:int,so_id:str,type:str,created:time,"
        "modified:time,status:str,shop_status:str,remark:str,question_type:str,warehouse:str,"
        "refund:num,payment:num,free_amount:num,good_status:str,node:str,order_status:str,"
        "shop_type:str,shop_id:int,logistics_company:str,l_id:str,wh_id:int,wms_co_id:int,"
        "confirm_date:time,freight:num,drp_co_id_from:int,receiver_mobile:str,"
        "receiver_name:str,shop_buyer_id:str,buyer_apply_refund:num,receive_refund:num,"
        "result:str,items[]{asi_id:int,as_id:int,shop_amount:num,sku_id:str,qty:int,"
        "is_gift:bool,price:num,amount:num,name:str,pic:str,type:str,properties_value:str,"
        "outer_oi_id:str,sku_type:str,r_qty:int,receive_date:time,combine_sku_id:str,"
        "shop_sku_id:str,i_id:str,defective_qty:int,remark:str},batchs[]{batch_no:str,"
        "sku_id:str,qty:int,product_date:str,supplier_id:int,supplier_name:str,"
        "expiration_date:str},sns[]{sku_id:str,sn:str},drp_co_id_to:int,labels:str,"
        "refund_version:int,ts:str,shop_name:str,currency:str,order_labels:str[],"
        "refund_phase:str,creator_name:str,shop_freight:num,order_type:str,images[]{key:str,"
        "domain:str},buyer_receive_refund:num"
    ),
    "refund_receipts": (
        "io_id:int,o_id:int,so_id:str,as_id:int,l_id:str,logistics_company:str,creator:num,"
        "creator_name:str,io_date:time,warehouse:str,modified:time,lc_id:str,shop_id:int,"
        "aftersale_remark:str,ts:num,status:str,wh_id:int,wms_co_id:int,drp_co_name:str,"
        "drp_co_id_to:int,type:str,items[]{io_id:int,sku_id:str,i_id:str,unit:str,qty:int,"
        "name:str,properties_value:str,sale_price:num,sale_amount:num,ioi_id:str},"
        "batchs[]{batch_no:str,ioi_id:num,sku_id:str,qty:int,product_date:str,supplier_id:str,"
        "supplier_name:str,expiration_date:str},sns[]{sku_id:str,sn:str}"
    ),
    "outbound_orders": (
        "co_id:int,shop_id:int,io_id:int,o_id:int,so_id:str,created:time,modified:time,"
        "status:str,order_type:str,invoice_title:str,shop_buyer_id:str,open_id:str,"
        "receiver_country:str,receiver_state:str,receiver_city:str,receiver_district:str,"
        "receiver_town:str,receiver_address:str,receiver_name:str,receiver_phone:str,"
        "receiver_mobile:str,buyer_message:str,remark:str,is_cod:bool,pay_amount:num,l_id:str,"
        "io_date:time,lc_id:str,stock_enabled:str,drp_co_id_from:str,labels:str,"
        "paid_amount:num,free_amount:num,freight:num,weight:num,f_weight:num,merge_so_id:str,"
        "wms_co_id:int,business_staff:str,currency:str,pay_date:time,logistics_company:str,"
        "wave_id:int,seller_flag:int,order_staff_id:int,order_staff_name:str,node:str,"
        "items[]{ioi_id:int,pic:str,sku_id:str,qty:int,name:str,properties_value:str,"
        "sale_price:num,oi_id:str,sale_amount:num,i_id:str,unit:str,sale_base_price:num,"
        "combine_sku_id:str,is_gift:bool,outer_oi_id:str,raw_so_id:str,batch_id:str,"
        "product_date:str,supplier_id:int,expiration_date:str},ClusterInfos[]{io_id:str,"
        "l_id:str,logistic_company:str,lc_id:str,f_weight:num},batchs[]{batch_no:str,"
        "ioi_id:num,sku_id:str,qty:int,product_date:str,supplier_id:int,supplier_name:str,"
        "expiration_date:str,status:str},sns[]{sku_id:str,sn:str,is_pack_sn:bool,"
        "is_opened:bool,pack_sn:str},is_print_express:bool,is_print:bool,shop_name:str,ts:int,"
        "shipment:str,deliver_name:str,channel_name:str,tracking_number:str,package_no:str,"
        "warehouse_oid:str,cb_finance{o_id:int,rebate_fee:num,product_tax:num,shipping_tax:num,"
        "other_income:num,voucher_from_seller:num,platform_commission:num,transition_fee:num,"
        "transaction_fee:num,opaque_bagging_fee:num,other_expense:num}"
    ),
    "inventory": (
        "sku_id:str,ts:int,i_id:str,qty:int,order_lock:int,pick_lock:int,virtual_qty:int,"
        "purchase_qty:int,return_qty:int,in_qty:int,defective_qty:int,modified:time,"
        "min_qty:int,max_qty:int,lock_qty:int,name:str,customize_qty_1:int,customize_qty_2:int,"
        "customize_qty_3:int,allocate_qty:int,sale_refund_qty:num"
    ),
    "skus": (
        "sku_id:str,i_id:str,name:str,short_name:str,sale_price:num,cost_price:num,"
        "properties_value:str,color:str,c_id:int,category:str,pic_big:str,pic:str,enabled:int,"
        "weight:num,market_price:num,brand:str,supplier_id:str,supplier_name:str,modified:time,"
        "sku_code:str,supplier_sku_id:str,supplier_i_id:str,vc_name:str,sku_type:str,"
        "creator:int,created:time,remark:str,item_type:str,stock_disabled:int,unit:str,"
        "shelf_life:int,labels:str,production_licence:str,l:num,w:num,h:num,"
        "is_series_number:bool,other_price_1:num,other_price_2:num,other_price_3:num,"
        "other_price_4:num,other_price_5:num,other_price_6:num,other_price_7:num,"
        "other_price_8:num,other_price_9:num,other_price_10:num,other_1:str,other_2:str,"
        "other_3:str,other_4:str,other_5:str,other_6:str,other_7:str,other_8:str,other_9:str,"
        "other_10:str,stock_type:str,sku_codes:str,autoid:int,batch_enabled:str"
    ),
    "items": (
        "i_id:str,co_id:int,name:str,c_id:int,c_name:str,s_price:num,c_price:num,remark:str,"
        "pic:str,created:time,modified:time,brand:str,weight:num,market_price:str,vc_name:str,"
        "item_type:str,l:num,w:num,h:num,shelf_life:int,skus[]{co_id:int,sku_id:str,i_id:str,"
        "name:str,c_id:int,brand:str,market_price:num,sale_price:num,cost_price:num,"
        "enabled:int,category:str,creator:str,modifier:str,creator_name:str,modifier_name:str,"
        "properties_value:str,sku_code:str,purchase_price:int,pic:str,pic_big:str,weight:num,"
        "short_name:str,item_type:str,supplier_id:int,supplier_name:str,supplier_sku_id:str,"
        "supplier_i_id:str,remark:str,vc_name:str,l:num,w:num,h:num,other_price_1:num,"
        "other_price_2:num,other_price_3:num,other_price_4:num,other_price_5:num,labels:str,"
        "other_1:str,other_2:str,other_3:str,other_4:str,other_5:str,unit:str,shelf_life:str,"
        "productionbatch_format:str,production_licence:str,drp_co_id_to:int},ups[]{p_id:int,"
        "p_name:str,pv_id:int,pv_value:str},productionbatch_format:str,production_licence:str,"
        "unit:str"
    ),
    "shop_skus": (
        "co_id:int,shop_id:int,channel:str,i_id:str,sku_id:str,shop_i_id:str,shop_sku_id:str,"
        "modified:time,link_modified:time,enabled:bool,c_id:int,raw_sku_id:str,shop_price:str,"
        "name:str,properties_value:str,pic:str,created:time,shop_created:time,"
        "pull_off_time:time,outer_sku_code:str,type:int,shop_qty:num,link_sku_id:str,"
        "sale_price_min:int,sale_price_max:int"
    ),
    "combine_skus": (
        "i_id:str,name:str,short_name:str,vc_name:str,pic:str,properties_value:str,"
        "sale_price:num,weight:num,sku_id:str,modified:time,created:time,enty_sku_id:str,"
        "labels:str,brand:str,cost_price:num,enabled:num,sku_code:str,other_price_1:num,"
        "other_price_2:num,other_price_3:num,other_price_4:num,other_price_5:num,other_1:str,"
        "other_2:str,other_3:str,other_4:str,other_5:str,l:num,w:num,h:num,volume:num,"
        "item_type:str,remark:str,sku_qty:int,items[]{src_sku_id:str,qty:int,sale_price:num,"
        "modified:time,combine_sku_id:str}"
    ),
    "shops": (
        "shop_id:int,shop_name:str,co_id:int,shop_site:str,shop_url:str,created:time,nick:str,"
        "session_expired:str,session_uid:str,short_name:str,group_id:num,group_name:str,"
        "organization:str"
    ),
    "logistics_companies": "lc_id:str,lc_name:str,modified:time",
    "warehouses": "name:str,co_id:int,wms_co_id:int,is_main:bool,status:str,remark1:str,remark2:str",
    "categories": "c_id:int,parent_c_id:int,name:str,modified:time",
    "suppliers": (
        "supplier_id:int,supplier_code:str,name:str,modified:time,remark:str,remark2:str,"
        "remark3:str,group:str,enabled:int,depositbank:str,bankacount:str,acountnumber:str"
    ),
    "purchase_orders": (
        "po_date:time,po_id:int,so_id:str,remark:str,status:str,supplier_id:int,seller:str,"
        "tax_rate:int,purchaser_name:str,send_address:str,term:str,item_type:str,"
        "items[]{sku_id:str,name:str,qty:int,price:num,i_id:str,po_id:int,poi_id:int,"
        "delivery_date:time,remark:str,tax_rate:num,qc_qty:num,qc_quality_qty:num,"
        "qc_defective_qty:num,inQty:num,return_qty:num,is_delivery:num},labels:str,"
        "confirm_date:time,finish_time:time,modified:time,wms_co_id:int,receive_status:str,"
        "more_rate:num,freight:num,merge_po_id:str"
    ),
    "purchase_receipts": (
        "io_id:int,ts:int,warehouse:str,po_id:int,supplier_id:int,supplier_name:str,"
        "modified:time,so_id:str,out_io_id:str,status:str,io_date:time,wh_id:str,wms_co_id:int,"
        "remark:str,tax_rate:num,labels:str,archived:str,merge_so_id:str,type:str,"
        "creator_name:str,f_status:str,l_id:str,items[]{ioi_id:int,sku_id:str,i_id:str,"
        "unit:str,name:str,qty:int,io_id:int,cost_price:num,cost_amount:num,remark:str,"
        "batch_no:str,tax_rate:int},batchs[]{batch_no:str,sku_id:str,qty:int,product_date:str,"
        "supplier_id:int,supplier_name:str,expiration_date:str},sns[]{sku_id:str,sn:str},"
        "lock_wh_id:num,lock_wh_name:str"
    ),
    "purchase_returns": (
        "io_id:int,io_date:time,created_po_id:num,status:str,so_id:str,f_status:str,"
        "warehouse:str,receiver_name:str,receiver_mobile:str,receiver_state:str,"
        "receiver_city:str,receiver_district:str,receiver_address:str,wh_id:int,remark:str,"
        "modified:time,po_id:int,wms_co_id:str,seller_id:int,labels:str,wave_id:num,"
        "logistics_company:str,free_amount:num,lc_id:str,l_id:str,archived:str,"
        "creator_name:str,lock_wh_id:num,lock_wh_name:str,out_io_id:str,items[]{ioi_id:int,"
        "sku_id:str,name:str,properties_value:str,tax_rate:num,qty:int,cost_price:num,"
        "cost_amount:num,i_id:str,remark:str,io_id:int,co_id:int,batch_no:str},"
        "batchs[]{batch_no:str,sku_id:str,qty:int,product_date:str,supplier_id:int,"
        "supplier_name:str},sns[]{sku_id:str,sn:str}"
    ),
    "transfers": (
        "wms_co_id:int,co_id:int,io_id:int,io_date:time,modified:time,status:str,warehouse:str,"
        "link_warehouse:str,f_status:str,type:str,wh_id:int,link_wh_id:int,link_wms_co_id:int,"
        "link_io_id:int,so_id:str,wave_id:num,remark:str,creator_name:str,lock_wh_id:str,"
        "lock_link_wh_id:str,out_io_id:str,labels:str[],items[]{io_id:int,ioi_id:int,"
        "sku_id:str,i_id:str,qty:int,name:str,properties_value:str,r_qty:int,batch_id:str,"
        "product_date:str,supplier_id:int,expiration_date:str},batchs[]{batch_no:str,"
        "sku_id:str,qty:int,product_date:str,supplier_id:int,supplier_name:str},"
        "sns[]{sku_id:str,sn:str},receiver_name_en:str,receiver_mobile_en:str,"
        "receiver_state:str,receiver_city:str,receiver_district:str,receiver_address:str,"
        "lables:str[],l_id:str,lc_id:str,logistics_company:str,unit:str"
    ),
    "other_inout": (
        "io_id:int,io_date:time,status:str,so_id:str,type:str,f_status:str,warehouse:str,"
        "receiver_name:str,receiver_mobile:str,receiver_state:str,receiver_city:str,"
        "receiver_district:str,receiver_address:str,wh_id:int,remark:str,modified:time,"
        "created:time,labels:str,wms_co_id:int,creator_name:str,wave_id:num,drop_co_name:str,"
        "inout_user:str,l_id:str,lc_id:str,logistics_company:str,lock_wh_id:num,"
        "lock_wh_name:str,items[]{ioi_id:int,sku_id:str,name:str,unit:str,properties_value:str,"
        "qty:int,cost_price:num,cost_amount:num,i_id:str,remark:str,io_id:int,sale_price:num,"
        "sale_amount:num,batch_id:str,product_date:str,supplier_id:int,expiration_date:str},"
        "batchs[]{batch_no:str,sku_id:str,qty:int,product_date:str,supplier_id:int,"
        "supplier_name:str},sns[]{sku_id:str,sn:str}"
    ),
    "shipments": (
        "o_id:int,shop_id:int,so_id:str,send_date:time,freight:num,weight:num,lc_id:str,"
        "l_id:str,logistics_company:str,items[]{sku_id:str,qty:int,outer_oi_id:str,"
        "raw_so_id:str,o_id:int,refund_status:str}"
    ),
    "order_actions": "oa_id:int,o_id:int,name:str,remark:str,created:time,creator_name:str",
}
