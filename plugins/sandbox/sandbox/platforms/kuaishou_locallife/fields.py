"""Fields of 快手本地生活 records, in the grammar of `sandbox.fields`; `time` is epoch milliseconds."""

from __future__ import annotations

import typing as t

FIELDS: t.Final = {
    "orders": (
        "orderId:str,partnerOrderId:str,contactPhone:str,contactName:str,orderStatus:int,"
        "orderStatusDesc:str,createTime:time,sourceInfo{channelType:int,platformSource:int,"
        "streamId:str,photoId:str,distributorId:int,distributorName:str},poiInfo{poiId:str,"
        "poiName:str,poiAddress{province:str,city:str,district:str,address:str}},"
        "payInfo{price:int,totalPrice:int,payType:int,payId:str,payAmount:int,"
        "discountAmount:int,promotionInfos[]{promotionType:int,bearingMap:map},"
        "distributorCommissionRate:str,sellerTakeRate:str,payTime:time},itemInfo{spuName:str,"
        "specificationOptions[]{specificationCode:int,specificationCodeSort:int,"
        "specificationText:str,valueId:int,valueIdSort:int,valueText:str},partnerSkuId:str,"
        "partnerSpuId:str,itemId:int},recipientInfo{userName:str,userPhone:str,"
        "userAddress{province:str,city:str,district:str,address:str}},assetInfo{quantity:int,"
        "voucherType:int,usedQuantity:int,refundQuantity:int,vouchers[]{voucher:str,"
        "voucherPic:str,voucherUrl:str,additionMap:map,voucherStatus:int}}"
    ),
    "items": (
        "product_id:str,product_name:str,out_product_id:str,status:int,"
        "category_detail{first_cname:str,second_cname:str,third_cname:str},product_type:int,"
        "min_price:int,max_price:int,sold_start_time:time,sold_end_time:time,check_status:int,"
        "sku[]{sku_id:str,sku_name:str,out_sku_id:str,origin_amount:int,actual_amount:int,"
        "stock{avail_qty:int,stock_qty:int,sold_qty:int},valid_days:int}"
    ),
}
