"""Released migrations are frozen, as existing databases were created by them. Each schema change is a new migration."""

from __future__ import annotations

import hashlib

from tests.support.paths import ROOT

RELEASED = {
    "services/incentive/migrations/versions/0013_person.py": (
        "301dde52d80d25eb1ca078ee0bc71af63d6f03d4143fe7ca6fef2f85b931bf0a"
    ),
    "services/incentive/migrations/versions/0013_person.sql": (
        "20758902aa7184ab709d7d77e03e1dddb9723d9210e36b42fb1b417f4573581d"
    ),
    "services/incentive/migrations/versions/0014_settings.py": (
        "ee28cb6d4f4275567cf7d4beb0eb818c2b7fb2a4b732ec54b685d83af873596e"
    ),
    "services/incentive/migrations/versions/0014_settings.sql": (
        "b1cd4fae0340d4390cd6d64971b7bb0d9c0dbc024d6c3ca94d14251a72fa513d"
    ),
    "services/incentive/migrations/versions/0016_rooms.py": (
        "3cb0d03ed7fa63e7aeed5a97118de08a3dac52a1537fa15a1eb0cb2821ba4fa0"
    ),
    "services/incentive/migrations/versions/0016_rooms.sql": (
        "80e292abac6d4bd171db030223303be2973b6990202ce6da783964b63b027494"
    ),
    "services/incentive/migrations/versions/0017_other_grants.py": (
        "1607b592a5613560b0cfd3f4de9ef5a5f56dbbd1d09f2773ce159c8daea5baf1"
    ),
    "services/incentive/migrations/versions/0017_other_grants.sql": (
        "cf38abf6dabedf7b829061b82ca6e3985b80e7cbe8034484800616ab48d3a63b"
    ),
    "services/incentive/migrations/versions/0018_reading_prices.py": (
        "353bd5a475db70863ea392281fca5bc2ea71b7b3980c818713b2d31f233b2382"
    ),
    "services/incentive/migrations/versions/0018_reading_prices.sql": (
        "9357cca5a693f881769dabe7f5ebbae1037a63e163f236828f4ea7ed96415a48"
    ),
    "services/incentive/migrations/versions/0020_kept_files.py": (
        "ceaa968a4346476ad264e7428d76482611cdfbd3e9005b81d414864f1c3312a3"
    ),
    "services/incentive/migrations/versions/0020_kept_files.sql": (
        "5fd7a87c99f252b8b93672a829d8de2212b1f4033dbe37d2ec09d6502df3ab55"
    ),
    "services/incentive/migrations/versions/0021_claims.py": (
        "c6649b81adfce0c3ec5a19531b7612918a8de468ccaa0656bd3f5ae88e387420"
    ),
    "services/incentive/migrations/versions/0021_claims.sql": (
        "40acaae474bb617b63b772ae82b6b2a47f320088432534f2e3833c8268482159"
    ),
    "services/incentive/migrations/versions/0022_objections.py": (
        "12b82e149c554393d7e48fc840b97c0f8fc9181e4880ef18f64f2e305e832de5"
    ),
    "services/incentive/migrations/versions/0022_objections.sql": (
        "57b188780df8ae8e7b4d8e77a7c88742b920d88581197a0758044abec0741cfc"
    ),
    "services/incentive/migrations/versions/0023_workflow.py": (
        "411fbf22cc8d355c542df6f8ec8964850c10f4b3492ecf78a09ad1c9507306fa"
    ),
    "services/incentive/migrations/versions/0023_workflow.sql": (
        "33e14e4ee724be7e75f7b20140177d426b02cb8872c109681427283ccfa30ff5"
    ),
    "services/incentive/migrations/versions/0024_public_notices.py": (
        "a9b0adf7305a3e758ec90a41f841a7353d28a03be92608477c60f9797840edfe"
    ),
    "services/incentive/migrations/versions/0024_public_notices.sql": (
        "f93e0fc9f793dd3976ffbc08dabde8fb45ddf2b3df2283641bb51e0df93fcfe4"
    ),
    "services/incentive/migrations/versions/0025_batches.py": (
        "8a7bbad1dd1fb75c600352ebe02524c283d30ad12edf9e7b2966fca168cc3f51"
    ),
    "services/incentive/migrations/versions/0025_batches.sql": (
        "1628523fe19c79f68c4c66af069d379b0d6dae14ba38f6ae7339496b2a122144"
    ),
    "services/incentive/migrations/versions/0019_eligibility.py": (
        "221ebe8964261f8924bf9a39fcff0ac7da1390c9c3ad25691c2fb226fe1100e7"
    ),
    "services/incentive/migrations/versions/0019_eligibility.sql": (
        "08544e09f70ca431d1458c1a845e5582de7cf48d06e1830bf6977850c6574698"
    ),
    "services/incentive/migrations/versions/0026_budget_claims.py": (
        "e3e123de83f481594fa2c3f9e218b3280006ef9d189bf23609c2372923fd1acb"
    ),
    "services/incentive/migrations/versions/0026_budget_claims.sql": (
        "316e44d3d9f56f1eafd8200889620893c119abb1f2319b73634119cb2baa1e27"
    ),
    "services/incentive/migrations/versions/0027_statements.py": (
        "0d61deb138e9a9b00158a7026d52759f33e0ce3ddb9a1c1b15bd0b153e5c8755"
    ),
    "services/incentive/migrations/versions/0027_statements.sql": (
        "ac54318eb36ede7fb71e1061429e63da6835fb53085152006d03c3bc3c950e74"
    ),
    "services/incentive/migrations/versions/0028_accounts.py": (
        "b70a942398b6e63babf61404c57db96411d9d68d016e6093401a2dbe9b7b0e86"
    ),
    "services/incentive/migrations/versions/0028_accounts.sql": (
        "9e42d4d9407591edb664ac09b3380bae01273f3aa2126ba69c19dfca202488f5"
    ),
    "services/incentive/migrations/versions/0029_paid_accounts.py": (
        "b775c860adecdbf24c8020809b70387a784592f2ddaa8640b8f4ce807ac089ff"
    ),
    "services/incentive/migrations/versions/0029_paid_accounts.sql": (
        "7ad289a2dfed670813a6da96786398f94a481bc276cc72d25552de64c9aa4650"
    ),
    "services/incentive/migrations/versions/0034_declared_tables.py": (
        "8da988e04f8e259f45b134d7d18345585a654e4de4d9bee6e68b65bbdd263919"
    ),
    "services/incentive/migrations/versions/0034_declared_tables.sql": (
        "3b723241f7ad5e9fcb566fe2b2f28be603ceac955170073de6e1f260c3716f76"
    ),
    "services/incentive/migrations/versions/r0012_account_rule.sql": (
        "2660f0eb6daed20e2fa7028edd424bf8780d578f1264c21c1fc5e39498d6758e"
    ),
    "services/incentive/migrations/versions/r0012_schema.py": (
        "cd4ee05a4b2f575cea88febae09d6585c40d296c4ef01015ecc56f006fb7974f"
    ),
    "services/incentive/migrations/versions/r0012_schema.sql": (
        "cd8331802a979bb44cbf65739df0eb766296a30120d44f831671020cf2a80fc6"
    ),
    "services/listing/migrations/versions/r0006_schema.py": (
        "79c34be515745662a71ce139573a313427e0708864108dd7d776c1b9a4b5de39"
    ),
    "services/listing/migrations/versions/r0006_schema.sql": (
        "feb2067dc38ae922426989adceb55dda3a9d610b7514b818ff8082e1966c1eb3"
    ),
    "services/listing/migrations/versions/r0007_set_aside.py": (
        "8fa2a48915f502e4d4ffa48f0e421b1358fcd9d086fc6d58e6e921a59228c15e"
    ),
    "services/listing/migrations/versions/r0008_reading_notes.py": (
        "67924c62558ed1508ef02182f6b1c79047f016728dee8be5ef7416d7e316677e"
    ),
    "services/listing/migrations/versions/r0009_quarantine_quota.py": (
        "08aee131171737817c1ad94bada761f230148506ae22cd6ceb165d3112b30f10"
    ),
    "services/trade_ingest/migrations/versions/r0007_schema.py": (
        "607603861d5ac7fcd32b1564ba5b82f1408c6ed79b9ed50bba4a6cde15a9a623"
    ),
    "services/trade_ingest/migrations/versions/r0007_schema.sql": (
        "3519c6bcb6edfe3bcbab43a31c555c4f950e431f110389fb8bbebe37c2651400"
    ),
    "services/trade_ingest/migrations/versions/r0008_set_aside.py": (
        "71c59567a2d7e5f373a4d4388879e221996d9ae30a33b1b566e37a1114d3bc1a"
    ),
    "services/trade_ingest/migrations/versions/r0009_reading_notes.py": (
        "1fc56d39d7cae2b4508e4d0b4942b1dd7a3a96c799db3a3a5aeb9c0dc29afdf7"
    ),
    "services/trade_ingest/migrations/versions/r0010_quarantine_quota.py": (
        "9accd4d6de71180cd176c7569c62260a79136480cf0b56cecfea209886e657a8"
    ),
    "services/trade_ingest/migrations/versions/r0011_ahead.py": (
        "75f788834ea8486324987f6635f09aca23cb62a785c39b94461d2f1f33f11d0a"
    ),
    "services/trade_ingest/migrations/versions/r0011_ahead.sql": (
        "cd7ce58e2f70b604844bd328003437f06bc3104603f12ea4d873ebfcde2456a7"
    ),
    "services/trade_ingest/migrations/versions/r0012_refunds.py": (
        "69d59ea4b5f5aa005671431c887d1d4b6a722b228b0a07facd675f8accef3fc7"
    ),
    "services/trade_ingest/migrations/versions/r0012_refunds.sql": (
        "f72a24d54c59201d6ac021a12596a7ec001f0891220a9b68039b1ba108258c25"
    ),
    "services/listing/migrations/versions/r0010_void.py": (
        "801dbcfe2973b98cd9493bde876814a83a94e4e5756d4db35f06cdea50ae1ab2"
    ),
    "services/listing/migrations/versions/r0010_void.sql": (
        "fa3d2c69dcd56b5c76e93271161f10bec8f0fd93da8322a4555634202e23a000"
    ),
    "services/trade_ingest/migrations/versions/r0013_void.py": (
        "da1aad1c3075c823ae41ea8bac24a140bf679eb1cf444e7700cedc1763341e0a"
    ),
    "services/trade_ingest/migrations/versions/r0013_void.sql": (
        "dbee5c62024e499607bfe68c8d99fc12ed9e7a8b24657e12af936c88f517affa"
    ),
    "services/incentive/migrations/versions/0015_void_documents.py": (
        "17968ff62f3f48dc1fa1597660eccab884f24fd7c9bbdb87d0ef6c068c0ffa91"
    ),
    "services/incentive/migrations/versions/0015_void_documents.sql": (
        "d798d2a38923f15c06463131e0cc586ae05ff5e0fe13ebb206303a54000d42d3"
    ),
    "services/incentive/migrations/versions/0030_search.py": (
        "10953e63a1fe83359d1eea3f430e143cf458430dca02f916d356ddf0c411e6b7"
    ),
    "services/incentive/migrations/versions/0030_search.sql": (
        "15cf7ad702a0d302448165130c53b79f86f99c0dd98129281891d533d8fb3b01"
    ),
    "services/incentive/migrations/versions/0031_participants.py": (
        "057d9dc0c0a93a2b8c8d5eef31fc78c08510f567fd2d179c7ee6dd4540abf39d"
    ),
    "services/incentive/migrations/versions/0031_participants.sql": (
        "c03235cae227983f9731b99dce0c7ea1108225f84b6f65fbb7fa54958ee3e449"
    ),
    "services/incentive/migrations/versions/0032_subject_viewers.py": (
        "00dd7f967c8f1d1f90b0e010ba9a5eb24de0c13fecf3f5d6b7d62637377d009e"
    ),
    "services/incentive/migrations/versions/0032_subject_viewers.sql": (
        "109e238f53062965f0a90d21db3448ccc912e1a01b36f8ccc6def6c55ba0785c"
    ),
    "services/incentive/migrations/versions/0033_unnamed_files.py": (
        "2bbf615b91ff0b311041bdc973aad07a58c903dfdcb29d4e77b2e4fa93a52f93"
    ),
    "services/incentive/migrations/versions/0033_unnamed_files.sql": (
        "f3f5294181b399feb75d9e95ebb4d8f9e3815fe0e3b166ca84b00d2e39316057"
    ),
    "services/incentive/migrations/versions/0035_batch_checks.py": (
        "d7765b4c0385cca60f5562d713cb3ae3d82e3457f38cb415bdfcc949481c0921"
    ),
    "services/incentive/migrations/versions/0035_batch_checks.sql": (
        "374bdab5036102a733047c3b5394abbef3550410767e206fcb1f09a6a83c52af"
    ),
    "services/incentive/migrations/versions/0038_published_awards.py": (
        "1e823ac98b83d30e2bb840d71f92b00c0c8a93f010d83147ee449008daf03320"
    ),
    "services/incentive/migrations/versions/0038_published_awards.sql": (
        "d261adcda5ec0d97c3802929a6cb0e0c04fd1b91849e7bac032e2aa209c97578"
    ),
    "shared/postgres/tables/base_1.sql": ("c0f5b5889b2a031642921b2b2fa51d6fdb2fc88d6f7022af8f65034b7f7d3b16"),
    "shared/postgres/tables/register_1.sql": ("c4a03e3b95720b86148aee8b9c9134d6e7a13a3b0b93a7c49788c6ecf32f4a7d"),
    "shared/postgres/tables/register_3.sql": ("bd7aecbac593ecd7353895cca7336f7e3fee8ef462fbc5391648b4bcc5ce66d1"),
    "shared/postgres/tables/register_4.sql": ("30a1c31b572d2d162996d404f6e090f8430f7325480bffc39bb6b8bff6bb75e1"),
    "shared/postgres/tables/register_2.sql": ("2ba0b4b0dbf7b4ec0dc5342b17d4eae6061b06967a4f7950a75cda2fd0772d19"),
    "services/listing/migrations/versions/r0011_log_confirmed.py": (
        "6f86c49d3689655431c2b5c824702799a5f14899f146de996d0f6e995b18012e"
    ),
    "services/trade_ingest/migrations/versions/r0014_log_confirmed.py": (
        "0dc26c830af285108558529afce6106bb4dae415da479ca25562e203d350d2a6"
    ),
    "shared/postgres/tables/base_2.sql": ("f08a1c981d551d758e862d41de6a2d1612f6feaf8d675434fc22d5e554e82f8e"),
    "services/incentive/migrations/versions/0036_log_confirmed.py": (
        "480749dc2e6fbe24c9f2b3e2f5a8c244c66eb501abfb5563726cd8f9a3022239"
    ),
    "services/incentive/migrations/versions/0037_list_orders.py": (
        "9c17ace434f82106b1266cee2cb964e070c57c71e1104070728d0e6bf05eb8f5"
    ),
    "services/incentive/migrations/versions/0037_list_orders.sql": (
        "24bc5262ba2bfc9394e9b47b2828021649e77c6b457dd05b7b832e934d73a81a"
    ),
    "services/incentive/migrations/versions/0039_access_links.py": (
        "942cd933769a959efe479daee89a88a215988548f17e724d6d9e86671441d1f1"
    ),
    "services/incentive/migrations/versions/0039_access_links.sql": (
        "61d3694da705aa2d65b0e7e2e74bf5aa6a342ea43334f58a3c4793a68f8cdc89"
    ),
    "services/incentive/migrations/versions/0040_uploads.py": (
        "392e87949703595e102a2dd9a2f65197d5a8529a9dfa2633df55d2452e9ac615"
    ),
    "services/incentive/migrations/versions/0040_uploads.sql": (
        "b50b733c809f8b2730d778f15c8c4f96c0bc433c7d97aad162da2c06b3fb3714"
    ),
    "services/incentive/migrations/versions/0041_own_extracts.py": (
        "03150a045b0ec30f5698fb4c05f03c55c7f756d1437a000fdb7099dbd0db0224"
    ),
    "services/incentive/migrations/versions/0041_own_extracts.sql": (
        "418067b405e402f15fa4fbe9c3bfb35d5e3e63ef79a5dc46ab62ca9d3999afd8"
    ),
    "services/incentive/migrations/versions/0042_vouchers.py": (
        "49bb405f44f1942ae42384c83603d778cfb7c85a597b1254999041cd026d7568"
    ),
    "services/incentive/migrations/versions/0042_vouchers.sql": (
        "f31d8969a1451122cd587c16b01aee2fede62da4eca49d2283ce09efa17b2d0c"
    ),
    "services/listing/migrations/versions/r0012_list_orders.py": (
        "4368be00250b574e02275765601d46d6566ee7afa19a3c1fa6ff3aeec9478a36"
    ),
    "services/listing/migrations/versions/r0012_list_orders.sql": (
        "961b2a85c708bc69d052b6d5bb6b69e15a9b8a75177329836149b4af3d08913d"
    ),
    "services/trade_ingest/migrations/versions/r0015_list_orders.py": (
        "b019e60606afac960de731a98b7088a5db7d0ce82b1ad4c867b90fd72a4d58cc"
    ),
    "services/trade_ingest/migrations/versions/r0015_list_orders.sql": (
        "0afd38af4ee432c13f21435335c721a6ea2baec3a815819e9afcded6cbb31c2a"
    ),
    "shared/postgres/tables/register_5.sql": ("c48f22d5bb6ac65722cf953b77ac151fcd7fafd39ebfd576d24acbbe0f51c995"),
    "services/listing/migrations/versions/r0013_refused_documents.py": (
        "d40e3aabffecd12ddf83cf6184b1fcf6579496ee5ce7a3b8ca7eb74b03d90097"
    ),
    "services/trade_ingest/migrations/versions/r0016_refused_documents.py": (
        "9c6c132ac99d31ac47c6ad37daa561f91c47cfbc5be2ac27670c3e0cf7c1db1d"
    ),
    "shared/postgres/tables/register_6.sql": ("84b7d0b46b56a08c91f335e8727d735bbe56ddb4e0e90afb4b532e7f1c812845"),
    "services/trade_ingest/migrations/versions/r0017_products.py": (
        "1b6d48344aecf45c0f2b8d093267f0735220b8ffb071f51dd07e336f6d3090fc"
    ),
    "services/trade_ingest/migrations/versions/r0017_products.sql": (
        "044bbdf86683d9d4579dd16d85d02c58ef0d87faa4ef99725ad36e29af9e5d35"
    ),
    "services/listing/migrations/versions/r0014_refused_places.py": (
        "63e8105bb128da281542ba5a513bda264d42947ef1ff02bbb610921b6468b72f"
    ),
    "services/trade_ingest/migrations/versions/r0018_refused_places.py": (
        "abe3be7c373328b16e38fb7eb8d8116a1ae0fe3a19f260ea0030427dac4bf5d6"
    ),
    "shared/postgres/tables/register_7.sql": ("8de3144dfa6748c64706cde21fcaf0125ae7a917fc0995d33e67b5afe227b055"),
    "services/incentive/migrations/versions/0043_budget_state.py": (
        "994a66e06da0f67cea52b02ddb2133941d3ffb52ae9185e5f18fe120b89b9d87"
    ),
    "services/incentive/migrations/versions/0043_budget_state.sql": (
        "9ae728d8244d66cd507e019d7379647ab7a931743019b4cb6c6540e993eb984c"
    ),
    "services/trade_ingest/migrations/versions/r0019_busy_sellers.py": (
        "90ec88daebdf22c510d776d602a30e96dd5f72bd969b35490645037a62f26bfc"
    ),
    "services/trade_ingest/migrations/versions/r0019_busy_sellers.sql": (
        "49481a42045d33cc447fb62bcfe8974b68e5bc60b14e30513d7acac6d8c05a71"
    ),
    "services/listing/migrations/versions/r0015_unknown_commits.py": (
        "387ef456ccf3aab16193cc0334492015203f67d7acb868673bee89e4e223184f"
    ),
    "services/trade_ingest/migrations/versions/r0020_unknown_commits.py": (
        "2a4372bf2d1ce3525494d650a8abc72ebae196c8d00b363d417dfb3a06b29520"
    ),
    "services/incentive/migrations/versions/0044_unknown_commits.py": (
        "6691d719c47baa527be292161f503d8db0c32a7524d62e46f9ae51916762e64b"
    ),
    "shared/postgres/tables/base_3.sql": ("ac7156b7b10031395571e9c91c11e4bbc15f3383652705a0b6e188e01228ef83"),
    "services/incentive/migrations/versions/0045_indexes.py": (
        "2ba61a68dd90d84c216f6318ce7cb6f8f6173c07efac8480330ee5457143b03f"
    ),
    "services/incentive/migrations/versions/0045_indexes.sql": (
        "91ff80e4a385b0c5378d07bc9ec846eac90feedb87b32700d53deea82d7fcc18"
    ),
    "services/listing/migrations/versions/r0016_indexes.py": (
        "d23dea8adc2e2b32ab0d7e5ce47758b93862ac966f323bf03c9db101eec9694a"
    ),
    "services/listing/migrations/versions/r0016_indexes.sql": (
        "985f67bf2ddbdd73cde1c5a4a0eb76f117736998410557fe94797fa5740b7518"
    ),
    "services/trade_ingest/migrations/versions/r0021_indexes.py": (
        "e56bd7715ec498fbf34612618052bf21ac89a2a4b182e0ae62375a81b75cfeb4"
    ),
    "services/trade_ingest/migrations/versions/r0021_indexes.sql": (
        "6b31265060625894e80cde28801d0936003aeb136cc178d1e9b56895a018ceba"
    ),
    "shared/postgres/tables/register_8.sql": ("125a11861c3004ede65eb19b97bf1374ce40cb243cea5176ecba89d6f2728623"),
    "services/incentive/migrations/versions/0046_ledger_end.py": (
        "8acae2f9958a601e543adf36c42c8c4d5c6d94afe3f7ca63ce33bf8830e2964a"
    ),
    "services/incentive/migrations/versions/0046_ledger_end.sql": (
        "9a312b23f7ed6dc8f294e309503c111fab9a5520a8a6eb6eeb966523307d79c3"
    ),
    "services/incentive/migrations/versions/0047_worklist.py": (
        "d84a745c203785ada3c2e99636e02d9edb53fb8e926f9ad7fd63d669fd6deb41"
    ),
    "services/incentive/migrations/versions/0047_worklist.sql": (
        "03b3991fb6b341f3131fc9c0a5bff8e13d9ed7b237d0e9cd0abb259ae69c08d2"
    ),
    "services/incentive/migrations/versions/0048_room_plans.py": (
        "6b1a74dea517fe604093cedf9d6d93dfe74dd47187a381ae7a2a0b33fb9e8c67"
    ),
    "services/incentive/migrations/versions/0048_room_plans.sql": (
        "da79fb78da8b7c594e113f9a6c66326223eb601d363ff54aeb83439380826caa"
    ),
    "services/incentive/migrations/versions/0049_names.py": (
        "a443a78e7c4943d684433c01307885acf7d780a93ebf5e76679503c1214f1a8f"
    ),
    "services/incentive/migrations/versions/0049_names.sql": (
        "5ca800c5a996c6cdc6b88e56219db24dc3e7a273a307c845ca906f6be3755d70"
    ),
    "services/listing/migrations/versions/r0017_outbox_by_topic.py": (
        "508842d500ccba2cd7a4fa7f0720d571d6e687b7467a2de62a1a2d490e7388cc"
    ),
    "services/trade_ingest/migrations/versions/r0022_outbox_by_topic.py": (
        "377567695f7737588039f27c3319ffdb99735cb7681043a897e9bc5bfbdbe781"
    ),
    "shared/postgres/tables/register_9.sql": ("7bbc73d9e68543eb50f1901fa3a005b372a769831bdef863b0b17614ec56d6be"),
}


def test_released_migrations_are_unchanged() -> None:
    folders = [*ROOT.glob("services/*/migrations/versions"), ROOT / "shared/postgres/tables"]
    files = [file for folder in folders for file in folder.iterdir() if file.suffix in {".py", ".sql"}]
    found = {
        file.relative_to(ROOT).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.stat().st_size
    }
    changed = [name for name, digest in RELEASED.items() if found.get(name) != digest]
    assert changed == [], "these are frozen; write a new migration"
    assert found.keys() == RELEASED.keys(), "add the SHA-256 of a new migration here when it is released"
