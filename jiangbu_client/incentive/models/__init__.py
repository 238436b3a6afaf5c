""" Contains all the data models used in inputs/outputs """

from .access_link import AccessLink
from .access_link_page import AccessLinkPage
from .access_link_request import AccessLinkRequest
from .access_link_revocation import AccessLinkRevocation
from .access_link_revocation_request import AccessLinkRevocationRequest
from .account import Account
from .account_confirmation import AccountConfirmation
from .account_confirmation_request import AccountConfirmationRequest
from .account_page import AccountPage
from .account_request import AccountRequest
from .act import Act
from .act_kind import ActKind
from .act_page import ActPage
from .ahead import Ahead
from .award import Award
from .award_page import AwardPage
from .award_state import AwardState
from .balance import Balance
from .balance_page import BalancePage
from .batch import Batch
from .batch_action import BatchAction
from .batch_award import BatchAward
from .batch_decisions import BatchDecisions
from .batch_decisions_action import BatchDecisionsAction
from .batch_page import BatchPage
from .batch_preview import BatchPreview
from .batch_request import BatchRequest
from .batch_request_action import BatchRequestAction
from .batch_request_filter_type_0 import BatchRequestFilterType0
from .batch_request_ground_type_1 import BatchRequestGroundType1
from .batch_request_ground_type_2_type_1 import BatchRequestGroundType2Type1
from .batch_request_ground_type_3_type_1 import BatchRequestGroundType3Type1
from .budget import Budget
from .budget_change import BudgetChange
from .calendar import Calendar
from .cause import Cause
from .clawback import Clawback
from .clawback_ground import ClawbackGround
from .clawback_page import ClawbackPage
from .clawback_state import ClawbackState
from .condition import Condition
from .conditions import Conditions
from .confirm_sent_table_preview import ConfirmSentTablePreview
from .confirmation_preview import ConfirmationPreview
from .counted import Counted
from .crossing import Crossing
from .decision import Decision
from .decision_action import DecisionAction
from .decision_from import DecisionFrom
from .decision_page import DecisionPage
from .decision_ref import DecisionRef
from .decision_request import DecisionRequest
from .decision_request_action import DecisionRequestAction
from .decision_request_ground_type_1 import DecisionRequestGroundType1
from .decision_request_ground_type_2_type_1 import DecisionRequestGroundType2Type1
from .decision_request_ground_type_3_type_1 import DecisionRequestGroundType3Type1
from .decision_to import DecisionTo
from .declaration import Declaration
from .declaration_measure import DeclarationMeasure
from .declaration_page import DeclarationPage
from .declare_table_preview import DeclareTablePreview
from .declared import Declared
from .declared_measure_type_0 import DeclaredMeasureType0
from .discard_request import DiscardRequest
from .document import Document
from .download_batch_document_format import DownloadBatchDocumentFormat
from .download_due_payments_format import DownloadDuePaymentsFormat
from .download_list_format import DownloadListFormat
from .download_notice_format import DownloadNoticeFormat
from .download_statement_format import DownloadStatementFormat
from .effect import Effect
from .effect_fact import EffectFact
from .effect_page import EffectPage
from .eligibility import Eligibility
from .eligibility_criteria import EligibilityCriteria
from .eligibility_page import EligibilityPage
from .eligibility_request import EligibilityRequest
from .eligibility_request_kind_of_entity_type_1 import EligibilityRequestKindOfEntityType1
from .eligibility_request_kind_of_entity_type_2_type_1 import EligibilityRequestKindOfEntityType2Type1
from .eligibility_request_kind_of_entity_type_3_type_1 import EligibilityRequestKindOfEntityType3Type1
from .eligibility_request_status import EligibilityRequestStatus
from .eligibility_row import EligibilityRow
from .eligibility_status import EligibilityStatus
from .eligibility_table import EligibilityTable
from .entry import Entry
from .estimate import Estimate
from .evidence import Evidence
from .exchange_outlook import ExchangeOutlook
from .exchange_status import ExchangeStatus
from .explanation import Explanation
from .explanations import Explanations
from .extract import Extract
from .extract_request import ExtractRequest
from .extract_request_evidence_type_1 import ExtractRequestEvidenceType1
from .extract_request_evidence_type_2_type_1 import ExtractRequestEvidenceType2Type1
from .extract_request_evidence_type_3_type_1 import ExtractRequestEvidenceType3Type1
from .extract_state import ExtractState
from .fact_ref import FactRef
from .field_fault import FieldFault
from .file import File
from .forecast_error import ForecastError
from .get_batch_count import GetBatchCount
from .get_batch_order import GetBatchOrder
from .get_batch_sort import GetBatchSort
from .grant_withdrawal import GrantWithdrawal
from .grant_withdrawal_request import GrantWithdrawalRequest
from .held import Held
from .held_kind import HeldKind
from .held_outcome_type_1 import HeldOutcomeType1
from .held_outcome_type_2_type_1 import HeldOutcomeType2Type1
from .held_outcome_type_3_type_1 import HeldOutcomeType3Type1
from .hold import Hold
from .hold_kind import HoldKind
from .hold_page import HoldPage
from .hold_request import HoldRequest
from .hold_request_kind import HoldRequestKind
from .industry_sum import IndustrySum
from .kind_sum import KindSum
from .last_year import LastYear
from .list_access_links_count import ListAccessLinksCount
from .list_access_links_order import ListAccessLinksOrder
from .list_access_links_sort import ListAccessLinksSort
from .list_accounts_count import ListAccountsCount
from .list_accounts_order import ListAccountsOrder
from .list_accounts_sort import ListAccountsSort
from .list_acts_count import ListActsCount
from .list_acts_kind import ListActsKind
from .list_acts_order import ListActsOrder
from .list_acts_sort import ListActsSort
from .list_awards_count import ListAwardsCount
from .list_awards_flag_type_0 import ListAwardsFlagType0
from .list_awards_hold import ListAwardsHold
from .list_awards_order import ListAwardsOrder
from .list_awards_sort import ListAwardsSort
from .list_awards_state import ListAwardsState
from .list_balances_count import ListBalancesCount
from .list_balances_order import ListBalancesOrder
from .list_balances_sort import ListBalancesSort
from .list_batches_count import ListBatchesCount
from .list_batches_order import ListBatchesOrder
from .list_batches_sort import ListBatchesSort
from .list_clawbacks_count import ListClawbacksCount
from .list_clawbacks_order import ListClawbacksOrder
from .list_clawbacks_sort import ListClawbacksSort
from .list_clawbacks_state import ListClawbacksState
from .list_decisions_count import ListDecisionsCount
from .list_decisions_order import ListDecisionsOrder
from .list_decisions_sort import ListDecisionsSort
from .list_declarations_count import ListDeclarationsCount
from .list_declarations_order import ListDeclarationsOrder
from .list_declarations_sort import ListDeclarationsSort
from .list_eligibility_count import ListEligibilityCount
from .list_eligibility_order import ListEligibilityOrder
from .list_eligibility_sort import ListEligibilitySort
from .list_holds_count import ListHoldsCount
from .list_holds_order import ListHoldsOrder
from .list_holds_sort import ListHoldsSort
from .list_notices_count import ListNoticesCount
from .list_notices_order import ListNoticesOrder
from .list_notices_sort import ListNoticesSort
from .list_objections_count import ListObjectionsCount
from .list_objections_order import ListObjectionsOrder
from .list_objections_sort import ListObjectionsSort
from .list_objections_state import ListObjectionsState
from .list_other_grants_count import ListOtherGrantsCount
from .list_other_grants_order import ListOtherGrantsOrder
from .list_other_grants_sort import ListOtherGrantsSort
from .list_participants_count import ListParticipantsCount
from .list_participants_order import ListParticipantsOrder
from .list_participants_reached import ListParticipantsReached
from .list_participants_sort import ListParticipantsSort
from .list_readings_count import ListReadingsCount
from .list_readings_order import ListReadingsOrder
from .list_readings_sort import ListReadingsSort
from .list_related_parties_count import ListRelatedPartiesCount
from .list_related_parties_order import ListRelatedPartiesOrder
from .list_related_parties_sort import ListRelatedPartiesSort
from .list_sent_tables_count import ListSentTablesCount
from .list_sent_tables_order import ListSentTablesOrder
from .list_sent_tables_sort import ListSentTablesSort
from .list_sent_tables_state import ListSentTablesState
from .list_suspensions_count import ListSuspensionsCount
from .list_suspensions_order import ListSuspensionsOrder
from .list_suspensions_sort import ListSuspensionsSort
from .list_trade_effects_count import ListTradeEffectsCount
from .list_trade_effects_order import ListTradeEffectsOrder
from .list_trade_effects_sort import ListTradeEffectsSort
from .list_transactions_count import ListTransactionsCount
from .list_transactions_kind import ListTransactionsKind
from .list_transactions_order import ListTransactionsOrder
from .list_transactions_sort import ListTransactionsSort
from .list_years_count import ListYearsCount
from .list_years_order import ListYearsOrder
from .list_years_sort import ListYearsSort
from .listed_access_link import ListedAccessLink
from .listed_access_link_state import ListedAccessLinkState
from .listed_account import ListedAccount
from .listed_grant import ListedGrant
from .listed_table import ListedTable
from .listed_table_state import ListedTableState
from .month import Month
from .next_ import Next
from .no_forecast import NoForecast
from .no_forecast_code import NoForecastCode
from .not_counted import NotCounted
from .notice import Notice
from .notice_period import NoticePeriod
from .notice_policy import NoticePolicy
from .notice_row import NoticeRow
from .notice_subject import NoticeSubject
from .objection import Objection
from .objection_outcome_type_1 import ObjectionOutcomeType1
from .objection_outcome_type_2_type_1 import ObjectionOutcomeType2Type1
from .objection_outcome_type_3_type_1 import ObjectionOutcomeType3Type1
from .objection_page import ObjectionPage
from .objection_request import ObjectionRequest
from .objection_state import ObjectionState
from .other_grant import OtherGrant
from .other_grant_page import OtherGrantPage
from .other_grant_request import OtherGrantRequest
from .outlook_month import OutlookMonth
from .outlook_tier import OutlookTier
from .pace import Pace
from .participant import Participant
from .participant_outlook import ParticipantOutlook
from .participant_page import ParticipantPage
from .partition import Partition
from .place import Place
from .policy_ref import PolicyRef
from .pool import Pool
from .problem import Problem
from .progress import Progress
from .public_notice import PublicNotice
from .public_notice_page import PublicNoticePage
from .published import Published
from .reading import Reading
from .reading_mark import ReadingMark
from .reading_page import ReadingPage
from .reading_year import ReadingYear
from .received_objection import ReceivedObjection
from .record_batch_preview import RecordBatchPreview
from .record_eligibility_table_preview import RecordEligibilityTablePreview
from .record_payments_preview import RecordPaymentsPreview
from .refused import Refused
from .refused_batch import RefusedBatch
from .related_parties import RelatedParties
from .related_parties_page import RelatedPartiesPage
from .related_parties_request import RelatedPartiesRequest
from .related_parties_request_status import RelatedPartiesRequestStatus
from .related_parties_status import RelatedPartiesStatus
from .release import Release
from .release_outcome_type_1 import ReleaseOutcomeType1
from .release_outcome_type_2_type_1 import ReleaseOutcomeType2Type1
from .release_outcome_type_3_type_1 import ReleaseOutcomeType3Type1
from .release_request import ReleaseRequest
from .release_request_outcome_type_1 import ReleaseRequestOutcomeType1
from .release_request_outcome_type_2_type_1 import ReleaseRequestOutcomeType2Type1
from .release_request_outcome_type_3_type_1 import ReleaseRequestOutcomeType3Type1
from .remedy import Remedy
from .risk_flag import RiskFlag
from .row import Row
from .rule_status import RuleStatus
from .search import Search
from .search_hit import SearchHit
from .sent_table import SentTable
from .sent_table_page import SentTablePage
from .sent_table_state import SentTableState
from .service import Service
from .service_request import ServiceRequest
from .services import Services
from .settled import Settled
from .settled_policy import SettledPolicy
from .settled_whitelist import SettledWhitelist
from .state import State
from .step import Step
from .step_step import StepStep
from .subject import Subject
from .subject_id_scheme import SubjectIdScheme
from .subject_status import SubjectStatus
from .suspended import Suspended
from .suspension import Suspension
from .suspension_page import SuspensionPage
from .suspension_request import SuspensionRequest
from .table import Table
from .table_change import TableChange
from .texts import Texts
from .tier import Tier
from .trade_fact import TradeFact
from .trade_no import TradeNo
from .transaction import Transaction
from .transaction_kind import TransactionKind
from .transaction_page import TransactionPage
from .uncounted_sum import UncountedSum
from .uncounted_trade import UncountedTrade
from .why import Why
from .why_action import WhyAction
from .why_code import WhyCode
from .why_not import WhyNot
from .why_not_code import WhyNotCode
from .wrong_step import WrongStep
from .wrong_step_allowed_item import WrongStepAllowedItem
from .year import Year
from .year_closing import YearClosing
from .year_closing_request import YearClosingRequest
from .year_closing_status import YearClosingStatus
from .year_forecast import YearForecast
from .year_page import YearPage

__all__ = (
    "AccessLink",
    "AccessLinkPage",
    "AccessLinkRequest",
    "AccessLinkRevocation",
    "AccessLinkRevocationRequest",
    "Account",
    "AccountConfirmation",
    "AccountConfirmationRequest",
    "AccountPage",
    "AccountRequest",
    "Act",
    "ActKind",
    "ActPage",
    "Ahead",
    "Award",
    "AwardPage",
    "AwardState",
    "Balance",
    "BalancePage",
    "Batch",
    "BatchAction",
    "BatchAward",
    "BatchDecisions",
    "BatchDecisionsAction",
    "BatchPage",
    "BatchPreview",
    "BatchRequest",
    "BatchRequestAction",
    "BatchRequestFilterType0",
    "BatchRequestGroundType1",
    "BatchRequestGroundType2Type1",
    "BatchRequestGroundType3Type1",
    "Budget",
    "BudgetChange",
    "Calendar",
    "Cause",
    "Clawback",
    "ClawbackGround",
    "ClawbackPage",
    "ClawbackState",
    "Condition",
    "Conditions",
    "ConfirmationPreview",
    "ConfirmSentTablePreview",
    "Counted",
    "Crossing",
    "Decision",
    "DecisionAction",
    "DecisionFrom",
    "DecisionPage",
    "DecisionRef",
    "DecisionRequest",
    "DecisionRequestAction",
    "DecisionRequestGroundType1",
    "DecisionRequestGroundType2Type1",
    "DecisionRequestGroundType3Type1",
    "DecisionTo",
    "Declaration",
    "DeclarationMeasure",
    "DeclarationPage",
    "Declared",
    "DeclaredMeasureType0",
    "DeclareTablePreview",
    "DiscardRequest",
    "Document",
    "DownloadBatchDocumentFormat",
    "DownloadDuePaymentsFormat",
    "DownloadListFormat",
    "DownloadNoticeFormat",
    "DownloadStatementFormat",
    "Effect",
    "EffectFact",
    "EffectPage",
    "Eligibility",
    "EligibilityCriteria",
    "EligibilityPage",
    "EligibilityRequest",
    "EligibilityRequestKindOfEntityType1",
    "EligibilityRequestKindOfEntityType2Type1",
    "EligibilityRequestKindOfEntityType3Type1",
    "EligibilityRequestStatus",
    "EligibilityRow",
    "EligibilityStatus",
    "EligibilityTable",
    "Entry",
    "Estimate",
    "Evidence",
    "ExchangeOutlook",
    "ExchangeStatus",
    "Explanation",
    "Explanations",
    "Extract",
    "ExtractRequest",
    "ExtractRequestEvidenceType1",
    "ExtractRequestEvidenceType2Type1",
    "ExtractRequestEvidenceType3Type1",
    "ExtractState",
    "FactRef",
    "FieldFault",
    "File",
    "ForecastError",
    "GetBatchCount",
    "GetBatchOrder",
    "GetBatchSort",
    "GrantWithdrawal",
    "GrantWithdrawalRequest",
    "Held",
    "HeldKind",
    "HeldOutcomeType1",
    "HeldOutcomeType2Type1",
    "HeldOutcomeType3Type1",
    "Hold",
    "HoldKind",
    "HoldPage",
    "HoldRequest",
    "HoldRequestKind",
    "IndustrySum",
    "KindSum",
    "LastYear",
    "ListAccessLinksCount",
    "ListAccessLinksOrder",
    "ListAccessLinksSort",
    "ListAccountsCount",
    "ListAccountsOrder",
    "ListAccountsSort",
    "ListActsCount",
    "ListActsKind",
    "ListActsOrder",
    "ListActsSort",
    "ListAwardsCount",
    "ListAwardsFlagType0",
    "ListAwardsHold",
    "ListAwardsOrder",
    "ListAwardsSort",
    "ListAwardsState",
    "ListBalancesCount",
    "ListBalancesOrder",
    "ListBalancesSort",
    "ListBatchesCount",
    "ListBatchesOrder",
    "ListBatchesSort",
    "ListClawbacksCount",
    "ListClawbacksOrder",
    "ListClawbacksSort",
    "ListClawbacksState",
    "ListDecisionsCount",
    "ListDecisionsOrder",
    "ListDecisionsSort",
    "ListDeclarationsCount",
    "ListDeclarationsOrder",
    "ListDeclarationsSort",
    "ListedAccessLink",
    "ListedAccessLinkState",
    "ListedAccount",
    "ListedGrant",
    "ListedTable",
    "ListedTableState",
    "ListEligibilityCount",
    "ListEligibilityOrder",
    "ListEligibilitySort",
    "ListHoldsCount",
    "ListHoldsOrder",
    "ListHoldsSort",
    "ListNoticesCount",
    "ListNoticesOrder",
    "ListNoticesSort",
    "ListObjectionsCount",
    "ListObjectionsOrder",
    "ListObjectionsSort",
    "ListObjectionsState",
    "ListOtherGrantsCount",
    "ListOtherGrantsOrder",
    "ListOtherGrantsSort",
    "ListParticipantsCount",
    "ListParticipantsOrder",
    "ListParticipantsReached",
    "ListParticipantsSort",
    "ListReadingsCount",
    "ListReadingsOrder",
    "ListReadingsSort",
    "ListRelatedPartiesCount",
    "ListRelatedPartiesOrder",
    "ListRelatedPartiesSort",
    "ListSentTablesCount",
    "ListSentTablesOrder",
    "ListSentTablesSort",
    "ListSentTablesState",
    "ListSuspensionsCount",
    "ListSuspensionsOrder",
    "ListSuspensionsSort",
    "ListTradeEffectsCount",
    "ListTradeEffectsOrder",
    "ListTradeEffectsSort",
    "ListTransactionsCount",
    "ListTransactionsKind",
    "ListTransactionsOrder",
    "ListTransactionsSort",
    "ListYearsCount",
    "ListYearsOrder",
    "ListYearsSort",
    "Month",
    "Next",
    "NoForecast",
    "NoForecastCode",
    "NotCounted",
    "Notice",
    "NoticePeriod",
    "NoticePolicy",
    "NoticeRow",
    "NoticeSubject",
    "Objection",
    "ObjectionOutcomeType1",
    "ObjectionOutcomeType2Type1",
    "ObjectionOutcomeType3Type1",
    "ObjectionPage",
    "ObjectionRequest",
    "ObjectionState",
    "OtherGrant",
    "OtherGrantPage",
    "OtherGrantRequest",
    "OutlookMonth",
    "OutlookTier",
    "Pace",
    "Participant",
    "ParticipantOutlook",
    "ParticipantPage",
    "Partition",
    "Place",
    "PolicyRef",
    "Pool",
    "Problem",
    "Progress",
    "PublicNotice",
    "PublicNoticePage",
    "Published",
    "Reading",
    "ReadingMark",
    "ReadingPage",
    "ReadingYear",
    "ReceivedObjection",
    "RecordBatchPreview",
    "RecordEligibilityTablePreview",
    "RecordPaymentsPreview",
    "Refused",
    "RefusedBatch",
    "RelatedParties",
    "RelatedPartiesPage",
    "RelatedPartiesRequest",
    "RelatedPartiesRequestStatus",
    "RelatedPartiesStatus",
    "Release",
    "ReleaseOutcomeType1",
    "ReleaseOutcomeType2Type1",
    "ReleaseOutcomeType3Type1",
    "ReleaseRequest",
    "ReleaseRequestOutcomeType1",
    "ReleaseRequestOutcomeType2Type1",
    "ReleaseRequestOutcomeType3Type1",
    "Remedy",
    "RiskFlag",
    "Row",
    "RuleStatus",
    "Search",
    "SearchHit",
    "SentTable",
    "SentTablePage",
    "SentTableState",
    "Service",
    "ServiceRequest",
    "Services",
    "Settled",
    "SettledPolicy",
    "SettledWhitelist",
    "State",
    "Step",
    "StepStep",
    "Subject",
    "SubjectIdScheme",
    "SubjectStatus",
    "Suspended",
    "Suspension",
    "SuspensionPage",
    "SuspensionRequest",
    "Table",
    "TableChange",
    "Texts",
    "Tier",
    "TradeFact",
    "TradeNo",
    "Transaction",
    "TransactionKind",
    "TransactionPage",
    "UncountedSum",
    "UncountedTrade",
    "Why",
    "WhyAction",
    "WhyCode",
    "WhyNot",
    "WhyNotCode",
    "WrongStep",
    "WrongStepAllowedItem",
    "Year",
    "YearClosing",
    "YearClosingRequest",
    "YearClosingStatus",
    "YearForecast",
    "YearPage",
)
