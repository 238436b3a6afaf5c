// The job of trade-ingest's core for Kafka Streams: the newest revision of each trade, and from it the total of each
// provider's month, sent to a topic; exactly-once. No checks, history, firsts, quarantine or log.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KeyValueMapper;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.KeyValue;

public final class Totals {
    private static final ObjectMapper JSON = new ObjectMapper();

    record Trade(int revision, String providerMonth, long netFen) {}

    public static void main(String[] args) throws Exception {
        String servers = args[0], source = args[1], sink = args[2], name = args[3], folder = args[4];
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, name);
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        config.put(StreamsConfig.STATE_DIR_CONFIG, folder);
        config.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        config.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        Serde<String> texts = Serdes.String();
        StreamsBuilder builder = new StreamsBuilder();
        // A table of the newest revision by number; what leaves or enters a month is subtracted or added.
        builder.stream(source, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
            .map((key, value) -> keyed(value))
            .groupByKey(Grouped.with(texts, texts))
            .reduce((old, now) -> read(now).revision() > read(old).revision() ? now : old, Materialized.with(texts, texts))
            .groupBy(byMonth(), Grouped.with(texts, texts))
            .reduce((sum, now) -> plus(sum, now, 1), (sum, old) -> plus(sum, old, -1), Materialized.with(texts, texts))
            .toStream()
            .to(sink, Produced.with(texts, texts));
        KafkaStreams streams = new KafkaStreams(builder.build(), config);
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { streams.close(); ended.countDown(); }));
        streams.start();
        ended.await();
    }

    /** The trade's number, and `revision|provider|month|fen`. */
    private static KeyValue<String, String> keyed(byte[] value) {
        try {
            JsonNode read = JSON.readTree(value), data = read.has("specversion") ? read.get("data") : read;
            boolean counts = data.get("status").asText().equals("completed");
            JsonNode refunded = data.get("refunded");
            long net = fen(data.get("amount").asText()) - (refunded == null ? 0 : fen(refunded.asText()));
            String month = data.get("completed_at").asText().substring(0, 7);
            String kept = String.join("|", data.get("revision").asText(), data.get("provider").get("id").asText(), month,
                Long.toString(counts ? net : 0));
            return KeyValue.pair(data.get("trade_no").asText(), kept);
        } catch (java.io.IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
    }

    private static long fen(String yuan) {
        return new BigDecimal(yuan).movePointRight(2).longValueExact();
    }

    private static Trade read(String kept) {
        String[] parts = kept.split("\\|");
        return new Trade(Integer.parseInt(parts[0]), parts[1] + "|" + parts[2], Long.parseLong(parts[3]));
    }

    private static KeyValueMapper<String, String, KeyValue<String, String>> byMonth() {
        return (number, kept) -> KeyValue.pair(read(kept).providerMonth(), "1|" + read(kept).netFen());
    }

    /** Sums are `trades|fen`. */
    private static String plus(String sum, String other, int sign) {
        String[] left = sum.split("\\|"), right = other.split("\\|");
        long trades = Long.parseLong(left[0]) + sign * Long.parseLong(right[0]);
        long fen = Long.parseLong(left[1]) + sign * Long.parseLong(right[1]);
        return trades + "|" + fen;
    }
}
