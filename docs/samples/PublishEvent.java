import java.nio.file.*;
import java.util.*;
import org.apache.kafka.clients.producer.*;

/** Publishes a trade as a CloudEvent: java -cp 'kafka/*' PublishEvent.java BROKER EXCHANGE TRADE.json NUMBER REVISION TIME */
class PublishEvent {
    public static void main(String[] given) throws Exception {
        String text = "org.apache.kafka.common.serialization.StringSerializer";
        var settings = Map.<String, Object>of("bootstrap.servers", given[0], "acks", "all",
                "key.serializer", text, "value.serializer", text);
        var event = new ProducerRecord<>("exchange." + given[1] + ".trades.v1", given[3], Files.readString(Path.of(given[2])));
        Map.of("ce_specversion", "1.0", "ce_id", String.join("-", given[1], given[3], given[4]),
                "ce_source", "/exchanges/" + given[1], "ce_type", "cn.kunming.data-exchange.trade.v1",
                "ce_time", given[5], "content-type", "application/json")
                .forEach((name, value) -> event.headers().add(name, value.getBytes()));
        try (var producer = new KafkaProducer<String, String>(settings)) {
            producer.send(event).get();
        }
    }
}
