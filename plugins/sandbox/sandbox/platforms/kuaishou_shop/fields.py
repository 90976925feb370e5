"""Fields of 快手小店 records, in the compact grammar of the fact sheet.

`name:int`, `name:str`, `name:bool`, `name:int[]`, `name{...}` for an object, `name[]{...}` for a list
of objects. `blank` turns a grammar into a record in which nothing has happened yet.
"""

from __future__ import annotations

import re
import typing as t

import orjson

_TOKEN = re.compile(r"(\w+)(\[\])?(?:\{|:(\w+)(\[\])?)|\}")
_ZERO: t.Final = {"int": 0, "str": "", "bool": False}


def blank(fields: str) -> bytes:
    """Return the JSON of a record of these fields: zeros, empty texts and empty lists."""
    root: dict[str, t.Any] = {}
    stack = [root]
    for token in _TOKEN.finditer(fields):
        name, many, kind, kinds = token.groups()
        if name is None:
            stack.pop()
        elif kind:
            stack[-1][name] = [] if kinds else _ZERO[kind]
        else:
            inner: dict[str, t.Any] = {}
            stack[-1][name] = [] if many else inner
            stack.append(inner)
    return orjson.dumps(root)


def fresh(record: bytes) -> dict[str, t.Any]:
    """Return a new copy of a blank record."""
    return t.cast("dict[str, t.Any]", orjson.loads(record))


ORDER: t.Final = blank(
    "orderBaseInfo{oid:int,payTime:int,buyerImage:str,buyerOpenId:str,buyerNick:str,"
    "sellerOpenId:str,sellerNick:str,expressFee:int,discountFee:int,totalFee:int,status:int,"
    "sendTime:int,refundTime:int,createTime:int,updateTime:int,remark:str,"
    "theDayOfDeliverGoodsTime:int,promiseTimeStampOfDelivery:int,activityType:int,"
    "cpsType:int,validPromiseShipmentTimeStamp:int,preSale:int,recvTime:int,coType:int,"
    "commentStatus:int,payType:int,riskCode:int,payChannel:str,"
    "sellerDelayPromiseTimeStamp:int,priorityDelivery:bool,remindShipmentSign:int,"
    "remindShipmentTime:int,orderSellerRoleInfo{roleType:int,roleId:int,roleName:str},"
    "disableDeliveryReasonCode:int[],multiplePiecesNo:int,allActivityType:int[],"
    "orderLabels:int[]},orderItemInfo{skuId:int,relSkuId:int,skuDesc:str,skuNick:str,"
    "itemId:int,relItemId:int,itemTitle:str,itemLinkUrl:str,itemPicUrl:str,num:int,"
    "originalPrice:int,discountFee:int,price:int,itemType:int,itemPrevInfo{skuId:int,"
    "relSkuId:int,skuDesc:str,skuNick:str},goodsCode:str,warehouseCode:str,orderItemId:int,"
    "goodStoreCode:int,serviceInfo{serviceRule:str,freight:bool,freightProviderType:int,"
    "firstOrderGuarantee:bool,instantDelivery:int,instantRefund:bool,compensateFake{"
    "times:int,desc:str,link:str},serviceRuleInfo{depositRule:str,refundRule:str,"
    "deliverGoodsIntervalTime:int,theDayOfDeliverGoodsTime:int,saleFlag:bool,"
    "promiseDeliveryTime:int,deliveryMethod:str,supportVerification:int,certMerchantCode:str,"
    "certExpireType:int,certStartTime:int,certEndTime:int,certExpDays:int}},itemExtra{"
    "categoryInfo{itemCid:int,categoryName:str}}},orderRefundList[]{refundId:int,"
    "refundStatus:int},orderLogisticsInfo[]{expressNo:str,expressCode:int,logisticsId:int},"
    "orderNote{sellerNote:str[],orderNoteInfo[]{createTime:int,note:str,flagTagCode:str,"
    "operatorName:str}},orderAddress{encryptedConsignee:str,desensitiseConsignee:str,"
    "encryptedMobile:str,desensitiseMobile:str,provinceCode:int,province:str,cityCode:int,"
    "city:str,districtCode:int,district:str,townCode:int,town:str,encryptedAddress:str,"
    "desensitiseAddress:str,rechargeAccount{account:str,accountType:int,accountTypeDesc:str,"
    "desensitiseAccount:str,encryptedAccount:str}},orderStepInfo{orderPaymentStatus{"
    "payStepType:int,orderPayStatus:int},orderPaymentSteps[]{id:int,payStepType:int,"
    "payStepNo:int,payStepName:str,payStepStatus:int,stepPrice:int,skuNum:int,"
    "stepTotalPrice:int,discountFee:int,expressFee:int,paymentFee:int,payTime:int,"
    "payChannelDesc:str,startPayTime:int,endPayTime:int}},orderCpsInfo{distributorId:int,"
    "distributorName:str},orderDeliveryInfo{maxPackageNum:int,enableAppendPackage:bool,"
    "totalPackageNum:int,deliveryNum:int,packageNum:int},subOrderInfo[]{subOrderBaseInfo{"
    "oid:int,status:int,sendTime:int,updateTime:int,recvTime:int},subOrderItemInfo{skuId:int,"
    "relSkuId:int,skuDesc:str,skuNick:str,itemId:int,relItemId:int,itemTitle:str,"
    "itemLinkUrl:str,itemPicUrl:str,num:int,originalPrice:int,discountFee:int,price:int,"
    "itemType:int,itemPrevInfo{skuId:int,relSkuId:int,skuDesc:str,skuNick:str},goodsCode:str,"
    "warehouseCode:str,serviceInfo{serviceRule:str,freight:bool,freightProviderType:int,"
    "firstOrderGuarantee:bool,instantDelivery:int,instantRefund:bool,compensateFake{"
    "times:int,desc:str,link:str},serviceRuleInfo{depositRule:str,refundRule:str,"
    "deliverGoodsIntervalTime:int,theDayOfDeliverGoodsTime:int,saleFlag:bool,"
    "promiseDeliveryTime:int,deliveryMethod:str,supportVerification:int,certMerchantCode:str,"
    "certExpireType:int,certStartTime:int,certEndTime:int,certExpDays:int}},itemExtra{"
    "categoryInfo{itemCid:int,categoryName:str}}},subOrderLogisticsInfo[]{expressNo:str,"
    "expressCode:int,logisticsId:int},subOrderDeliveryInfo{deliveryNum:int,packageNum:int},"
    "subOrderType:int}"
)
ORDER_DETAIL: t.Final = blank(
    "orderBaseInfo{oid:int,payTime:int,buyerImage:str,buyerOpenId:str,buyerNick:str,"
    "sellerOpenId:str,sellerNick:str,expressFee:int,discountFee:int,totalFee:int,status:int,"
    "sendTime:int,refundTime:int,createTime:int,updateTime:int,remark:str,"
    "theDayOfDeliverGoodsTime:int,promiseTimeStampOfDelivery:int,activityType:int,"
    "cpsType:int,validPromiseShipmentTimeStamp:int,preSale:int,recvTime:int,coType:int,"
    "commentStatus:int,payType:int,riskCode:int,orderPoiInfo{poiId:int,name:str,address:str},"
    "shopNewBuyer:bool,platformNewBuyer:bool,orderTaxInfo{taxAmount:int,sellerBearAmount:int}"
    ",payChannel:str,sellerDelayPromiseTimeStamp:int,carrierType:int,carrierId:int,"
    "privacyInfoAuthStatus:int,privacyInfoAuthTime:int,priorityDelivery:bool,"
    "remindShipmentSign:int,remindShipmentTime:int,orderSellerRoleInfo{roleType:int,"
    "roleId:int,roleName:str},disableDeliveryReasonCode:int[],multiplePiecesNo:int,"
    "allActivityType:int[],orderLabels:int[]},orderItemInfo{skuId:int,relSkuId:int,"
    "skuDesc:str,skuNick:str,itemId:int,relItemId:int,itemTitle:str,itemLinkUrl:str,"
    "itemPicUrl:str,num:int,originalPrice:int,discountFee:int,price:int,itemType:int,"
    "itemPrevInfo{skuId:int,relSkuId:int,skuDesc:str,skuNick:str},goodsCode:str,"
    "warehouseCode:str,orderItemId:int,goodStoreCode:int,serviceInfo{serviceRule:str,"
    "freight:bool,freightProviderType:int,firstOrderGuarantee:bool,instantDelivery:int,"
    "instantRefund:bool,compensateFake{times:int,desc:str,link:str},serviceRuleInfo{"
    "depositRule:str,refundRule:str,deliverGoodsIntervalTime:int,"
    "theDayOfDeliverGoodsTime:int,saleFlag:bool,promiseDeliveryTime:int,deliveryMethod:str,"
    "supportVerification:int,certMerchantCode:str,certExpireType:int,certStartTime:int,"
    "certEndTime:int,certExpDays:int}},itemExtra{categoryInfo{itemCid:int,categoryName:str}}}"
    ",orderRefundList[]{refundId:int,refundStatus:int},orderLogisticsInfo[]{expressNo:str,"
    "expressCode:int,logisticsId:int},orderNote{sellerNote:str[],orderNoteInfo[]{"
    "createTime:int,note:str,flagTagCode:str,operatorName:str}},orderAddress{"
    "encryptedConsignee:str,desensitiseConsignee:str,encryptedMobile:str,"
    "desensitiseMobile:str,provinceCode:int,province:str,cityCode:int,city:str,"
    "districtCode:int,district:str,townCode:int,town:str,encryptedAddress:str,"
    "desensitiseAddress:str,rechargeAccount{account:str,accountType:int,accountTypeDesc:str,"
    "desensitiseAccount:str,encryptedAccount:str}},orderFlag{flag:str[]},orderStepInfo{"
    "orderPaymentStatus{payStepType:int,orderPayStatus:int},orderPaymentSteps[]{id:int,"
    "payStepType:int,payStepNo:int,payStepName:str,payStepStatus:int,stepPrice:int,"
    "skuNum:int,stepTotalPrice:int,discountFee:int,expressFee:int,paymentFee:int,payTime:int,"
    "payChannelDesc:str,startPayTime:int,endPayTime:int}},orderCustomizedInfo{"
    "customizedItemType:int,customizedUrl:str,customizedCode:str},orderCpsInfo{"
    "distributorId:int,distributorName:str},addressUpdateAuditInfo{addressBeforeUpdate{"
    "provinceCode:int,province:str,cityCode:int,city:str,districtCode:int,district:str,"
    "townCode:int,town:str,addressMetaVersion:int,addressId:int,desensitiseAddress:str,"
    "encryptedAddress:str},addressAfterUpdate{provinceCode:int,province:str,cityCode:int,"
    "city:str,districtCode:int,district:str,townCode:int,town:str,addressMetaVersion:int,"
    "addressId:int,desensitiseAddress:str,encryptedAddress:str},auditStatus:int,"
    "timeoutOfAudit:int,auditTime:int},orderDeliveryInfo{maxPackageNum:int,"
    "enableAppendPackage:bool,totalPackageNum:int,deliveryNum:int,packageNum:int},"
    "subOrderInfo[]{subOrderBaseInfo{oid:int,status:int,sendTime:int,updateTime:int,"
    "recvTime:int},subOrderItemInfo{skuId:int,relSkuId:int,skuDesc:str,skuNick:str,"
    "itemId:int,relItemId:int,itemTitle:str,itemLinkUrl:str,itemPicUrl:str,num:int,"
    "originalPrice:int,discountFee:int,price:int,itemType:int,itemPrevInfo{skuId:int,"
    "relSkuId:int,skuDesc:str,skuNick:str},goodsCode:str,warehouseCode:str,serviceInfo{"
    "serviceRule:str,freight:bool,freightProviderType:int,firstOrderGuarantee:bool,"
    "instantDelivery:int,instantRefund:bool,compensateFake{times:int,desc:str,link:str},"
    "serviceRuleInfo{depositRule:str,refundRule:str,deliverGoodsIntervalTime:int,"
    "theDayOfDeliverGoodsTime:int,saleFlag:bool,promiseDeliveryTime:int,deliveryMethod:str,"
    "supportVerification:int,certMerchantCode:str,certExpireType:int,certStartTime:int,"
    "certEndTime:int,certExpDays:int}},itemExtra{categoryInfo{itemCid:int,categoryName:str}}}"
    ",subOrderLogisticsInfo[]{expressNo:str,expressCode:int,logisticsId:int},"
    "subOrderDeliveryInfo{deliveryNum:int,packageNum:int},subOrderType:int}"
)
REFUND: t.Final = blank(
    "oid:int,refundId:int,handlingWay:int,negotiateStatus:int,refundFee:int,skuId:int,"
    "refundReason:int,status:int,buyerId:int,refundType:int,sellerId:int,refundDesc:str,"
    "submitTime:int,relItemId:int,negotiateUpdateTime:int,updateTime:int,createTime:int,"
    "relSkuId:int,skuNick:str,logisticsId:int,endTime:int,itemId:int,receiptStatus:int,"
    "refundReasonDesc:str,expireTime:int"
)
REFUND_DETAIL: t.Final = blank(
    "refundId:int,oid:int,skuId:int,refundFee:int,status:int,refundReason:int,buyerId:int,"
    "sellerId:int,refundType:int,handlingWay:int,refundDesc:str,logisticsId:int,pictures:str,"
    "negotiateStatus:int,validNegotiateBuyerModifyTimeStamp:int,updateTime:int,relSkuId:int,"
    "relItemId:int,sellerDisagreeImages:str,logisticsInfo{expressNo:str,expressCode:int},"
    "sellerDisagreeDesc:str,sellerDisagreeReason:int,timeLimitNegotiateChange:int,"
    "negotiateReason:str,createTime:int,negotiateUpdateTime:int,submitTime:int,"
    "expireTime:int,endTime:int,itemId:int,receiptStatus:int,productNum:int,"
    "refundReasonDesc:str,buyerOpenId:str,address:str,buyerExchangeAddress{"
    "encryptedConsignee:str,desensitiseConsignee:str,encryptedMobile:str,"
    "desensitiseMobile:str,province:str,provinceCode:int,city:str,cityCode:int,district:str,"
    "districtCode:int,encryptedAddress:str,desensitiseAddress:str},exchangeInfo{skuId:int,"
    "skuDesc:str,quantity:int},specialRefundType:int,logisticsRiskInfos:str[],"
    "returnFreightInfo{returnFreightAmount:int,returnFreightStatus:int,"
    "returnFreightApplyDesc:str,returnFreightApplyImages:str[]}"
)
ITEM: t.Final = blank(
    "kwaiItemId:int,skuList[]{kwaiSkuId:int,relSkuId:int,skuStock:int,imageUrl:str,"
    "skuSalePrice:int,volume:int,isValid:int,createTime:int,updateTime:int,specification:str,"
    "appkey:str,skuNick:str,skuProp[]{skuPropId:int,propId:int,propName:str,propValueId:int,"
    "propValueName:str,itemId:int,skuId:int,imageUrl:str,isValid:int,createTime:int,"
    "updateTime:int,propSortNum:int,propValueSortNum:int,propValueRemarks:str,"
    "propValueGroupId:int,isMainProp:int,propVersion:int},kwaiItemId:int,gtinCode:str,"
    "mealDetail{mealGroupDTOList[]{title:str,mealContentDTOList[]{title:str,count:int,"
    "price:int},fromNum:int,selectNum:int},lowestPeopleNum:int,highestPeopleNum:int,"
    "remark:str},reserveStock:int,packageCode:str,goodsId:str,goodsCode:str[]},userId:int,"
    "relItemId:int,title:str,details:str,mainImageUrl:str,linkUrl:str,categoryId:int,"
    "price:int,volume:int,categoryName:str,status:int,createTime:int,updateTime:int,"
    "serviceRule{refundRule:str,theDayOfDeliverGoodsTime:int,promiseDeliveryTime:int,"
    "servicePromise{freshRotRefund:bool,brokenRefund:bool,allergyRefund:bool,crabRefund:bool}"
    ",unavailableTimeRule{weeks:int[],holidays:int[],timeRanges[]{startTime:int,endTime:int}}"
    ",certMerchantCode:str,deliveryMethod:str,certExpireType:int,certStartTime:int,"
    "certEndTime:int,certExpDays:int,orderPurchaseLimitType:int,minOrderCount:int,"
    "maxOrderCount:int,customerInfo{customerInfoType:str,customerCertificateType:str[]},"
    "priceProtectDays:int,deliveryTimeMode:str},auditStatus:int,auditReason:str,"
    "shelfStatus:int,shelfStatusUpdateReason:str,imageUrls:str[],fromType:int,appkey:str,"
    "itemStatus:int,expressTemplateId:int,itemType:int,multipleStock:bool,"
    "duplicationStatus:int,duplicationReason:str,instructions:str"
)
ITEM_DETAIL: t.Final = blank(
    "itemId:int,relItemId:int,categoryId:int,categoryName:str,parentCategoryId:int,"
    "parentCategoryName:str,rootCategoryId:int,rootCategoryName:str,title:str,details:str,"
    "imageUrls:str[],detailImageUrls:str[],skuInfos[]{kwaiSkuId:int,relSkuId:int,"
    "skuStock:int,imageUrl:str,skuSalePrice:int,volume:int,isValid:int,createTime:int,"
    "updateTime:int,specification:str,appkey:str,skuNick:str,skuProp[]{skuPropId:int,"
    "propId:int,propName:str,propValueId:int,propValueName:str,itemId:int,skuId:int,"
    "imageUrl:str,isValid:int,createTime:int,updateTime:int,propSortNum:int,"
    "propValueSortNum:int,propValueRemarks:str,propValueGroupId:int,isMainProp:int,"
    "propVersion:int},kwaiItemId:int,gtinCode:str,mealDetail{mealGroupDTOList[]{title:str,"
    "mealContentDTOList[]{title:str,count:int,price:int},fromNum:int,selectNum:int},"
    "lowestPeopleNum:int,highestPeopleNum:int,remark:str},reserveStock:int,packageCode:str,"
    "goodsId:str,goodsCode:str[]},serviceRule{refundRule:str,theDayOfDeliverGoodsTime:int,"
    "promiseDeliveryTime:int,servicePromise{freshRotRefund:bool,brokenRefund:bool,"
    "allergyRefund:bool,crabRefund:bool},unavailableTimeRule{weeks:int[],holidays:int[],"
    "timeRanges[]{startTime:int,endTime:int}},certMerchantCode:str,deliveryMethod:str,"
    "certExpireType:int,certStartTime:int,certEndTime:int,certExpDays:int,"
    "orderPurchaseLimitType:int,minOrderCount:int,maxOrderCount:int,customerInfo{"
    "customerInfoType:str,customerCertificateType:str[]},priceProtectDays:int,"
    "deliveryTimeMode:str},auditStatus:int,auditReason:str,createdTime:int,updateTime:int,"
    "onOfflineStatus:int,parentCategoryList[]{categoryId:int,categoryName:str,"
    "categoryPid:int},itemPropValues[]{propId:int,radioPropValue{propValueId:int,"
    "propValue:str},checkBoxPropValuesList[]{propValueId:int,propValue:str},"
    "textPropValue:str,datetimeTimestamp:int,dateRange{startTimeTimestamp:int,"
    "endTimeTimestamp:int},sortNum:int,imagePropValues:str[],propName:str,propAlias:str,"
    "inputType:int,propType:int,unitPropValueId:int,unitPropValueName:str},"
    "expressTemplateId:int,purchaseLimit:bool,limitCount:int,linkUrl:str,timeOfSale:int,"
    "itemRemark:str,duplicationStatus:int,duplicationReason:str,multipleStock:bool,"
    "poiIds:int[],whiteBaseImageUrl:str,transparentImageUrl:str,shortTitle:str,"
    "sellingPoint:str,instructions:str,contractPhone:bool,offlineReason:str,"
    "itemQualification[]{qualificationDataId:int,certification:str,qualificationFiles:str[],"
    "validDateStart:str,validDateEnd:str,auditTime:str,relatedItemCount:int,remark:str,"
    "detailPageUrl:str,qualificationMetaName:str,qualificationMetaId:int},spuId:int"
)
SKU: t.Final = blank(
    "kwaiSkuId:int,relSkuId:int,skuStock:int,imageUrl:str,skuSalePrice:int,volume:int,"
    "isValid:int,createTime:int,updateTime:int,specification:str,appkey:str,skuNick:str,"
    "skuProp[]{skuPropId:int,propId:int,propName:str,propValueId:int,propValueName:str,"
    "itemId:int,skuId:int,imageUrl:str,isValid:int,createTime:int,updateTime:int,"
    "propSortNum:int,propValueSortNum:int,propValueRemarks:str,propValueGroupId:int,"
    "isMainProp:int,propVersion:int},kwaiItemId:int,gtinCode:str,mealDetail{"
    "mealGroupDTOList[]{title:str,mealContentDTOList[]{title:str,count:int,price:int},"
    "fromNum:int,selectNum:int},lowestPeopleNum:int,highestPeopleNum:int,remark:str},"
    "reserveStock:int,packageCode:str,goodsId:str,goodsCode:str[]"
)
COMMENT: t.Final = blank(
    "commentId:int,itemId:int,itemSkuId:int,orderId:int,orderProductId:int,content:str,"
    "replyToCommentId:int,rootCommentId:int,auditStatus:str,complainStatus:str,"
    "reportStatus:str,cheatStatus:str,valid:bool,liked:bool,replied:bool,attached:bool,"
    "anonymous:bool,auto:bool,sellerReply:bool,creditScore:int,serviceScore:int,"
    "qualityScore:int,logisticsScore:int,imageUrl:str[],videoId:int[],"
    "videoCoverImageUrl:str[],createTime:int,attachedTime:int,updateTime:int,sourceType:int,"
    "showId:int,supplyExpireTime:int"
)
STATEMENT: t.Final = blank(
    "billTime:int,inOutType:int,amount:int,bookTransNo:str,outOrderId:str,remark:str,"
    "actualPayAmount:int,platformAllowanceAmount:int,anchorAmount:int,refundAmount:int,"
    "distributorAmount:int,activityUserAmount:int,kzkAmount:int,serviceAmount:int,"
    "instalmentAmount:int,platformAmount:int,settlementAmount:int,settlementStatus:str,"
    "settlementTime:int,orderStatus:int,preOrder:bool,onlyPreSettle:bool,freightWhenNow:str,"
    "otherAmountDetail:str"
)
BILL: t.Final = blank(
    "orderNo:int,productId:str,productName:str,productNum:int,orderCreateTime:str,"
    "actualPayAmount:str,platformAllowanceAmount:str,anchorHongBaoAmount:str,"
    "hongbaoDetail:str,totalIncome:str,totalRefundAmount:str,platformCommissionAmount:str,"
    "distributorId:str,distributorCommissionAmount:str,activityUserId:str,"
    "activityUserCommissionAmount:str,collectMode:str,kzkId:str,kzkCommissionAmount:str,"
    "serviceUserId:str,serviceAmount:str,serviceCommissionRole:str,huabeiAmount:str,"
    "totalOutgoingAmount:str,settlementStatus:str,settlementAmount:str,settlementTime:str,"
    "settlementRule:str,accountChannel:str,accountName:str,merchantId:str,orderRemark:str,"
    "czjAmount:str,refundInfo[]{platformAllowanceRefund:int,actualPayRefund:int,refundId:int}"
    ",otherAmount:int,otherAmountDetail:str,mcnId:str,otherAmountDesc:str"
)
