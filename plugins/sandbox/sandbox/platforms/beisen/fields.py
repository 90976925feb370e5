"""Fields of 北森 records, in the grammar of `sandbox.fields`.

`time` and `date` are Beijing's as text, `id` is whatever the platform identifies with, `num` may have a
fraction, and `obj` has names of the tenant's own.
"""

from __future__ import annotations

import typing as t

FIELDS: t.Final = {
    "employeeInfo": (
        "userID:id,name:str,_Name:str,givenNames:str,engName:str,firstname:str,lastname:str,"
        "phoneticOfXing:str,phoneticOfMing:str,gender:int,email:str,workEmail:str,"
        "backupMail:str,mobilePhone:str,mobilePhoneBackup:str,homePhone:str,officeTel:str,"
        "weiXin:str,qQ:str,iDType:str,iDNumber:str,issuingAuthority:str,"
        "certificateStartDate:date,certificateValidityTerm:str,isLongTermCertificate:bool,"
        "passportNumber:str,passportDateOfExpiry:date,birthday:date,age:int,"
        "lunarBirthday:str,gregorianBirthday:date,workDate:date,firstEntryDate:date,"
        "latestEntryDate:date,homeAddress:str,residenceAddress:str,registAddress:str,"
        "birthplace:str,placeOfBirth:str,businessAddress:str,postalCode:str,iDPhoto:str,"
        "smallIDPhoto:str,iDPortraitSide:str,iDCountryEmblemSide:str,iDFront:str,"
        "iDBehind:str,allowToLoginIn:bool,activationState:int,educationLevel:str,"
        "lastSchool:str,major:str,graduateDate:date,speciality:str,nation:str,"
        "nationality:str,marryCategory:str,politicalStatus:str,domicileType:str,"
        "joinPartyDate:date,emergencyContact:str,emergencyContactRelationship:str,"
        "emergencyContactPhone:str,isDisabled:bool,disabledNumber:str,preRetireDate:date,"
        "actualRetireDate:date,tutorNew:id,referrerUserID:id,applicantId:id,applyIdV6:id,"
        "applicantIdV6:id,sourceType:str,orderCode:str,timeZone:str,objectId:id,"
        "customProperties:obj,sysMartionProperties:obj,translateProperties:obj,createdBy:id,"
        "createdTime:time,modifiedBy:id,modifiedTime:time,businessModifiedBy:id,"
        "businessModifiedTime:time,stdIsDeleted:bool"
    ),
    "recordInfo": (
        "userID:id,objectId:id,pObjectDataID:id,staffID:id,jobNumber:str,oIdDepartment:id,"
        "oIdOrganization:id,businessOrganizationOId:id,profitCenterOId:id,"
        "stdBusinessUnitID:id,employeeStatus:str,employType:int,serviceType:int,"
        "serviceStatus:int,approvalStatus:int,startDate:time,stopDate:time,entryDate:time,"
        "lastWorkDate:time,regularizationDate:time,probation:int,probationStartDate:time,"
        "probationStopDate:time,probationActualStopDate:time,probationResult:str,"
        "isCurrentRecord:bool,changeTypeOID:id,businessTypeOID:id,changedStatus:str,"
        "transitionTypeOID:id,changeReason:str,entryStatus:str,entryType:str,pOIdEmpAdmin:id,"
        "pOIdEmpReserve2:id,isCharge:bool,oIdJobPost:id,oIdJobSequence:id,"
        "oIdProfessionalLine:id,oIdJobPosition:id,oIdJobLevel:id,oidJobGrade:id,place:str,"
        "employmentSource:id,employmentForm:id,employmentType:id,employmentChangeID:id,"
        "order:int,lUOffer:id,workYearBefore:num,workYearTotal:num,workYearCompanyBefore:num,"
        "workYearCompanyTotal:num,whereabouts:str,handoverPerson:id,dimension1:str,"
        "dimension2:str,dimension3:str,dimension4:str,dimension5:str,workFlowProcessId:id,"
        "remarks:str,customProperties:obj,createdBy:id,createdTime:time,modifiedBy:id,"
        "modifiedTime:time,businessModifiedBy:id,businessModifiedTime:time,stdIsDeleted:bool"
    ),
    "organizations": (
        "name:str,name_en_US:str,name_zh_TW:str,shortName:str,code:str,oId:id,objectId:id,"
        "originalId:id,level:id,status:int,establishDate:time,startDate:time,stopDate:time,"
        "changeDate:time,pOIdOrgAdmin:id,pOIdOrgReserve2:id,pOIdOrgReserve3:id,"
        "pOIdOrgAdmin_TreePath:str,pOIdOrgAdmin_TreeLevel:int,pOIdOrgAdminNameTreePath:str,"
        "isCurrentRecord:bool,isVirtualOrg:bool,oIdOrganizationType:id,personInCharge:id,"
        "hRBP:id,shopOwner:id,administrativeAssistant:id,personInChargeDeputy:str,"
        "costCenterOIdV2:id,firstLevelOrganization:id,secondLevelOrganization:id,"
        "thirdLevelOrganization:id,fourthLevelOrganization:id,fifthLevelOrganization:id,"
        "sixthLevelOrganization:id,seventhLevelOrganization:id,eighthLevelOrganization:id,"
        "ninthLevelOrganization:id,tenthLevelOrganization:id,orderAdmin:int,place:str,"
        "comment:str,customProperties:obj,translateProperties:obj,createdBy:id,"
        "createdTime:time,modifiedBy:id,modifiedTime:time,businessModifiedBy:id,"
        "businessModifiedTime:time,stdIsDeleted:bool"
    ),
    "positions": (
        "name:str,code:str,oId:id,objectId:id,status:int,startDate:time,stopDate:time,"
        "oIdJobPost:id,oIdJobGrade:id,oIdJobLevelType:id,oIdProfessionalLine:id,"
        "oIdJobSequence:id,oIdOrganization:id,oIdJobLevel:id,highestOIdJobLevel:id,place:str,"
        "description:str,customProperties:obj,translateProperties:obj,createdBy:id,"
        "createdTime:time,modifiedBy:id,modifiedTime:time,businessModifiedBy:id,"
        "businessModifiedTime:time,stdIsDeleted:bool"
    ),
    "catalogue": (
        "name:str,code:str,oId:id,objectId:id,status:int,startDate:time,stopDate:time,"
        "order:int,description:str,customProperties:obj,translateProperties:obj,createdBy:id,"
        "createdTime:time,modifiedBy:id,modifiedTime:time,businessModifiedBy:id,"
        "businessModifiedTime:time,stdIsDeleted:bool"
    ),
    "common_meta_objects": (
        "OId:id,Name:str,Code:str,Status:int,CreatedTime:time,ModifiedTime:time,"
        "BusinessModifiedTime:time,StdIsDeleted:bool"
    ),
    "attendance_results": (
        "userId:id,cardNumber:str,swipingCardDate:date,status:int,attendanceMethod:int,"
        "missingTime:num,times[]{actualTime:time,patchCardTime:time,type:int},"
        "createdTime:time,modifiedTime:time"
    ),
    "clock_ins": (
        "staffId:id,userEmail:str,cardNumber:str,punchCardDate:date,swipingCardDateTime:time,"
        "punchCardTime:str,dataSource:str,locationDetail:str,locationTitle:str,"
        "signinResult:str,facilityIdentify:str,wifiName:str,lat:num"
    ),
    "leaves": (
        "vacationId:id,userID:id,oIdVacationType:id,vacationItemName:str,"
        "vacationItemCode:str,documentType:int,approveStatus:int,isCancel:bool,"
        "vacationDuration:int,vacationStartDateTime:time,vacationStopDateTime:time,"
        "halfDayStartOption:int,halfDayStopOption:int,approveCompleteDateTime:time"
    ),
    "leaves_by_start": (
        "vacationId:id,staffId:id,staffEmail:str,attendanceOrg:str,vacationType:str,"
        "vacationStartDateTime:time,vacationStopDateTime:time,vacationDuration:int,"
        "dayValueOfDuration:num,vacationDurationIncludeUnit:str,documentType:str,"
        "approveStatus:str,applicant:str,reason:str"
    ),
    "leave_balances": (
        "userId:id,userName:str,userEmail:str,year:str,vacationTypeName:str,"
        "currentYearLimit:num,currentYearRemain:num,lastYearSurplusLimit:num,"
        "lastYearSurplusRemain:num,currentYearTotalRemain:num,currentYearTotalLimit:num,"
        "transferStatus:str,currentYearEffectiveDate:date,lastYearSurplusEffectiveDate:date"
    ),
}
