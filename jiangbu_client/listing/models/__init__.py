""" Contains all the data models used in inputs/outputs """

from .count_quarantine_reason import CountQuarantineReason
from .difference import Difference
from .document_hits import DocumentHits
from .entry_of_document import EntryOfDocument
from .field_fault import FieldFault
from .fix import Fix
from .list_listings_count import ListListingsCount
from .list_listings_order import ListListingsOrder
from .list_listings_sort import ListListingsSort
from .list_listings_status import ListListingsStatus
from .list_quarantine_count import ListQuarantineCount
from .list_quarantine_order import ListQuarantineOrder
from .list_quarantine_reason import ListQuarantineReason
from .list_quarantine_sort import ListQuarantineSort
from .list_quarantine_status import ListQuarantineStatus
from .listing_detail import ListingDetail
from .listing_detail_status import ListingDetailStatus
from .listing_item import ListingItem
from .listing_item_status import ListingItemStatus
from .listing_page import ListingPage
from .partition import Partition
from .party import Party
from .party_id_scheme import PartyIdScheme
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

__all__ = (
    "CountQuarantineReason",
    "Difference",
    "DocumentHits",
    "EntryOfDocument",
    "FieldFault",
    "Fix",
    "ListingDetail",
    "ListingDetailStatus",
    "ListingItem",
    "ListingItemStatus",
    "ListingPage",
    "ListListingsCount",
    "ListListingsOrder",
    "ListListingsSort",
    "ListListingsStatus",
    "ListQuarantineCount",
    "ListQuarantineOrder",
    "ListQuarantineReason",
    "ListQuarantineSort",
    "ListQuarantineStatus",
    "Partition",
    "Party",
    "PartyIdScheme",
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
)
