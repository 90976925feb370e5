"""Fields of 京东联盟 records, in the compact grammar of the fact sheet; `dec` has decimals, `ms` is a time."""

from __future__ import annotations

import typing as t

ORDER: t.Final = (
    "id:str,orderId:int,parentId:int,orderTime:str,finishTime:str,modifyTime:str,"
    "orderEmt:int,plus:int,unionId:int,skuId:int,skuName:str,skuNum:int,skuReturnNum:int,"
    "skuFrozenNum:int,price:dec,commissionRate:dec,subSideRate:dec,subsidyRate:dec,"
    "finalRate:dec,estimateCosPrice:dec,estimateFee:dec,actualCosPrice:dec,actualFee:dec,"
    "validCode:int,traceType:int,positionId:int,siteId:int,unionAlias:str,pid:str,"
    "cid1:int,cid2:int,cid3:int,subUnionId:str,unionTag:str,popId:int,ext1:str,"
    "payMonth:int,cpActId:int,unionRole:int,giftCouponOcsAmount:dec,giftCouponKey:str,"
    "balanceExt:str,sign:str,proPriceAmount:dec,rid:int,goodsInfo{imageUrl:str,owner:str,"
    "mainSkuId:int,productId:int,shopName:str,shopId:int},categoryInfo{cid1:int,cid2:int,"
    "cid3:int,cid1Name:str,cid2Name:str,cid3Name:str},expressStatus:int,channelId:int,"
    "skuTag:str"
)
"""A row of `jd.union.open.order.row.query`."""
BONUS: t.Final = (
    "unionId:int,bonusInvalidCode:str,bonusInvalidText:str,payPrice:dec,"
    "estimateCosPrice:dec,estimateFee:dec,actualCosPrice:dec,actualFee:dec,orderTime:ms,"
    "finishTime:ms,positionId:int,orderId:int,bonusState:int,bonusText:str,skuName:str,"
    "commissionRate:dec,subUnionId:str,pid:str,ext1:str,unionAlias:str,subSideRate:dec,"
    "subsidyRate:dec,finalRate:dec,activityName:str,parentId:int,skuId:int,"
    "estimateBonusFee:dec,actualBonusFee:dec,orderState:int,orderText:str,sortValue:str,"
    "activityId:int"
)
"""A row of `jd.union.open.order.bonus.query`."""
GOODS: t.Final = (
    "categoryInfo{cid1:int,cid1Name:str,cid2:int,cid2Name:str,cid3:int,cid3Name:str},"
    "comments:int,commissionInfo{commission:dec,commissionShare:dec,couponCommission:dec,"
    "plusCommissionShare:dec,isLock:int,startTime:ms,endTime:ms},"
    "couponInfo{couponList[]{bindType:int,discount:dec,link:str,platformType:int,"
    "quota:dec,getStartTime:ms,getEndTime:ms,useStartTime:ms,useEndTime:ms,isBest:int,"
    "hotValue:dec,isInputCoupon:int}},goodCommentsShare:dec,"
    "imageInfo{imageList[]{url:str},whiteImage:str},inOrderCount30Days:int,isJdSale:int,"
    "materialUrl:str,priceInfo{price:dec,lowestPrice:dec,lowestPriceType:int,"
    "lowestCouponPrice:dec,historyPriceDay:int},shopInfo{shopName:str,shopId:int,"
    "shopLevel:dec,shopLabel:str,userEvaluateScore:str,commentFactorScoreRankGrade:str,"
    "logisticsLvyueScore:str,logisticsFactorScoreRankGrade:str,afterServiceScore:str,"
    "afsFactorScoreRankGrade:str,scoreRankRate:str},skuId:int,skuName:str,isHot:int,"
    "spuid:int,brandCode:str,brandName:str,owner:str,pinGouInfo{pingouPrice:dec,"
    "pingouTmCount:int,pingouUrl:str,pingouStartTime:ms,pingouEndTime:ms},"
    "videoInfo{videoList[]{width:int,high:int,imageUrl:str,videoType:int,playUrl:str,"
    "playType:str,duration:int}},commentInfo{commentList[]{content:str,"
    "imageList[]{url:str}}},jxFlags:int[],documentInfo{document:str,discount:str},"
    "bookInfo{isbn:str},specInfo{size:str,color:str,spec:str,specName:str},stockState:int,"
    "eliteType:int[],forbidTypes:int[],deliveryType:int,skuLabelInfo{is7ToReturn:int,"
    "fxg:int,fxgServiceList[]{serviceName:str}},"
    "promotionLabelInfoList[]{promotionLabel:str,lableName:str,startTime:ms,endTime:ms,"
    "promotionLableId:int,labelName:str},secondPriceInfoList[]{secondPriceType:int,"
    "secondPrice:dec},seckillInfo{seckillOriPrice:dec,seckillPrice:dec,"
    "seckillStartTime:ms,seckillEndTime:ms},preSaleInfo{currentPrice:dec,earnest:dec,"
    "preSalePayType:int,discountType:int,depositWorth:dec,preAmountDeposit:dec,"
    "preSaleStartTime:ms,preSaleEndTime:ms,balanceStartTime:ms,balanceEndTime:ms,"
    "shipTime:ms,preSaleStatus:int,amountDeposit:dec},reserveInfo{price:dec,type:int,"
    "status:int,startTime:ms,endTime:ms,panicBuyingStartTime:ms,panicBuyingEndTime:ms},"
    "isOversea:int,companyType:int"
)
"""A record of `jd.union.open.goods.query`."""
ORDER_GOODS: t.Final = (
    "skuId:int,goodsName:str,unitPrice:dec,wlUnitPrice:dec,materialUrl:str,imgUrl:str,"
    "isFreeFreightRisk:int,isFreeShipping:int,isSeckill:int,isJdSale:int,"
    "commisionRatioWl:dec,commisionRatioPc:dec,vid:int,shopId:int,cid:int,cidName:str,"
    "cid2:int,cid2Name:str,cid3:int,cid3Name:str,inOrderCount:int,startDate:ms,endDate:ms"
)
"""A record of `jd.union.open.goods.promotiongoodsinfo.query`."""
ACTIVITY: t.Final = (
    "id:int,title:str,content:str,advantage:str,urlPC:str,urlM:str,startTime:ms,"
    "endTime:ms,promotionStartTime:ms,promotionEndTime:ms,updateTime:ms,eliteId:int,"
    "recommend:int,downloadUrl:str,downloadCode:str,tag:int,actStatus:int,"
    "platformType:int,imgList[]{imgName:str,imgUrl:str,widthHeight:str},"
    "categoryList[]{categoryId:int,type:int}"
)
"""A record of `jd.union.open.activity.query`."""
REDPACKET: t.Final = (
    "promotionName:str,showNum:int,giveNum:int,useNum:int,orderNum:int,orderPrice:dec,orderFee:dec"
)
"""The numbers of `jd.union.open.statistics.redpacket.query`."""
