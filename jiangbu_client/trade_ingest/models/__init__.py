""" Contains all the data models used in inputs/outputs """

from .count_quarantine_reason import CountQuarantineReason
from .difference import Difference
from .document_hits import DocumentHits
from .entry_of_document import EntryOfDocument
from .field_fault import FieldFault
from .fix import Fix
from .list_quarantine_count import ListQuarantineCount
from .list_quarantine_order import ListQuarantineOrder
from .list_quarantine_reason import ListQuarantineReason
from .list_quarantine_sort import ListQuarantineSort
from .list_quarantine_status import ListQuarantineStatus
from .list_trades_count import ListTradesCount
from .list_trades_in_total import ListTradesInTotal
from .list_trades_industry import ListTradesIndustry
from .list_trades_order import ListTradesOrder
from .list_trades_product_kind import ListTradesProductKind
from .list_trades_sort import ListTradesSort
from .list_trades_status import ListTradesStatus
from .partition import Partition
from .party import Party
from .party_id_scheme import PartyIdScheme
from .place import Place
from .problem import Problem
from .product import Product
from .product_industry_type_1 import ProductIndustryType1
from .product_industry_type_2_type_1 import ProductIndustryType2Type1
from .product_industry_type_3_type_1 import ProductIndustryType3Type1
from .product_kind import ProductKind
from .progress import Progress
from .quarantine_counts import QuarantineCounts
from .quarantine_page import QuarantinePage
from .reason_count import ReasonCount
from .reason_count_reason import ReasonCountReason
from .reconciliation import Reconciliation
from .reconciliation_refused import ReconciliationRefused
from .refused import Refused
from .refused_reason import RefusedReason
from .refused_status import RefusedStatus
from .revision import Revision
from .search_hit import SearchHit
from .state import State
from .stream_quarantined_events_reason import StreamQuarantinedEventsReason
from .trade_detail import TradeDetail
from .trade_detail_currency import TradeDetailCurrency
from .trade_detail_mode import TradeDetailMode
from .trade_detail_status import TradeDetailStatus
from .trade_fact import TradeFact
from .trade_facts import TradeFacts
from .trade_item import TradeItem
from .trade_item_currency import TradeItemCurrency
from .trade_item_mode import TradeItemMode
from .trade_item_status import TradeItemStatus
from .trade_page import TradePage

__all__ = (
    "CountQuarantineReason",
    "Difference",
    "DocumentHits",
    "EntryOfDocument",
    "FieldFault",
    "Fix",
    "ListQuarantineCount",
    "ListQuarantineOrder",
    "ListQuarantineReason",
    "ListQuarantineSort",
    "ListQuarantineStatus",
    "ListTradesCount",
    "ListTradesIndustry",
    "ListTradesInTotal",
    "ListTradesOrder",
    "ListTradesProductKind",
    "ListTradesSort",
    "ListTradesStatus",
    "Partition",
    "Party",
    "PartyIdScheme",
    "Place",
    "Problem",
    "Product",
    "ProductIndustryType1",
    "ProductIndustryType2Type1",
    "ProductIndustryType3Type1",
    "ProductKind",
    "Progress",
    "QuarantineCounts",
    "QuarantinePage",
    "ReasonCount",
    "ReasonCountReason",
    "Reconciliation",
    "ReconciliationRefused",
    "Refused",
    "RefusedReason",
    "RefusedStatus",
    "Revision",
    "SearchHit",
    "State",
    "StreamQuarantinedEventsReason",
    "TradeDetail",
    "TradeDetailCurrency",
    "TradeDetailMode",
    "TradeDetailStatus",
    "TradeFact",
    "TradeFacts",
    "TradeItem",
    "TradeItemCurrency",
    "TradeItemMode",
    "TradeItemStatus",
    "TradePage",
)
