"""Fields of 易快报 records, in the grammar of `sandbox.fields`.

`ms` is a moment in epoch milliseconds, `time` Beijing's as text, `list` a list of ids, `objs` one of
objects, and `obj` has names of the customer's own.
"""

from __future__ import annotations

import typing as t

FIELDS: t.Final = {
    "documents": (
        "id:id,pipeline:int,grayver:str,version:int,active:bool,createTime:ms,updateTime:ms,"
        "corporationId:id,sourceCorporationId:id,dataCorporationId:id,ownerId:id,"
        "ownerDefaultDepartment:id,state:str,flowType:str,formType:str,invoiceRemind:bool,"
        "actions:obj,logs[]{action:str,state:str,operatorId:id,byDelegateId:id,"
        "operatorDefaultDepartment:id,nextOperatorId:id,nextOperatorIds:list,time:ms,"
        "attributes:obj,modifyFlowLog[]{version:int,flowVersionedId:id,operatorId:id,"
        "operatorTime:ms,operatorState:str,editeReason:str,byDelegateId:id},"
        "attachments:objs},form:obj"
    ),
    "staffs": (
        "id:id,name:str,nickName:str,code:str,departments:list,defaultDepartment:id,"
        "cellphone:str,active:bool,userId:id,email:str,showEmail:str,external:bool,"
        "authState:bool,globalRoaming:str,note:str,staffCustomForm:obj,updateTime:time,"
        "createTime:time"
    ),
    "departments": (
        "id:id,name:str,parentId:id,active:bool,code:str,updateTime:time,createTime:time,"
        "form:obj,order:int"
    ),
    "fee_types": ("id:id,name:str,parentId:id,active:bool,code:str"),
    "dimensions": ("id:id,name:str,active:bool,code:str"),
    "dimension_items": (
        "id:id,name:str,active:bool,code:str,dimensionId:id,parentId:id,updateTime:time,"
        "createTime:time"
    ),
    "payee_accounts": (
        "sort:str,id:id,name:str,cardNo:str,type:str,createTime:ms,updateTime:ms,"
        "province:str,city:str,bank:str,branch:str,certificateType:str,certificateNo:str,"
        "bankLinkNo:str,unionBank:str,bankName:str,swiftCode:str,nationCode:str,bankCode:str,"
        "branchCode:str,visibility{fullVisible:bool,staffs:list,roles:list,departments:list,"
        "departmentsIncludeChildren:bool},remark:str,active:bool,operatorId:id,"
        "customFields:obj,staffId:id,owner:str"
    ),
    "payment_accounts": (
        "id:id,name:str,code:str,detail{name:str,number:str,bank:str,branch:str,province:str,"
        "city:str,visibility{fullVisible:bool,staffs:list,roles:list,departments:list,"
        "departmentsIncludeChildren:bool}},active:bool,sort:str,visibility{fullVisible:bool,"
        "staffs:list,roles:list,departments:list,departmentsIncludeChildren:bool},remark:str"
    ),
    "specifications": ("id:id,name:str,type:str"),
    "data_link_items": (
        "id:id,version:int,active:bool,createTime:ms,updateTime:ms,name:str,nameSpell:str,"
        "code:str,corporationId:id,form:obj,ledgerAmount:obj,ledgerAmountModel:obj,"
        "totalCount:int,useCount:int,entityId:id,platformId:id,source:str,masterId:id,"
        "index:int,visibility{fullVisible:bool,staffs:list,roles:list,departments:list,"
        "departmentsIncludeChildren:bool},visible:bool,ownerId:id,operatorId:id,sourceId:id,"
        "flowCounts:obj"
    ),
    "requisitions": (
        "id:id,code:str,name:str,state:str,title:str,active:bool,flowId:id,grayver:str,"
        "ownerId:id,related[]{id:id,code:str,name:str,rule:obj,money:num,state:str,"
        "formType:str,moneyNode{standard:num,standardUnit:str,standardScale:int,"
        "standardSymbol:str,standardNumCode:str,standardStrCode:str},submitDate:ms,"
        "isRequisition:bool,specificationId:id,specificationName:str},version:int,"
        "closeLog:obj,pipeline:int,nameSpell:str,changeLogs[]{action:str,reason:str,"
        "toStaffs:list,fromStaff:id,createTime:ms,operatorId:id},createTime:ms,updateTime:ms,"
        "submitterId:id,corporationId:id,applyCloseRule:str,sharedOwnerIds:list,"
        "requisitionDate:ms,specificationId:id,expenseMoneyDone:num,requisitionMoney:num,"
        "dataCorporationId:id,specificationName:str,expenseMoneyProcess:num,"
        "sourceCorporationId:id,requisitionMoneyNode{standard:num,standardUnit:str,"
        "standardScale:int,standardSymbol:str,standardNumCode:str,standardStrCode:str},"
        "ignoreUsageSpecificationIds:list,details:objs"
    ),
    "outbound_message_failures": (
        "name:str,messageId:id,flowId:id,dataLinkId:id,messageCenterConfigId:id,"
        "repaymentApplyId:id,nodeName:str,nodeId:id,request:obj,response:obj,state:str,id:id,"
        "type:str,version:int,active:bool,createTime:ms,updateTime:ms,corporationId:id,"
        "messageType:str"
    ),
    "roles": ("id:id,name:str,roleDefs[]{id:id,name:str,sourceType:str}"),
    "budgets": ("id:id,name:str"),
    "currencies": ("orgCode:str,currInfos:objs"),
}
