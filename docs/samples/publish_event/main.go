// Publishes a trade as a CloudEvent: go run . BROKER EXCHANGE TRADE.json NUMBER REVISION TIME
package main

import (
	"context"
	"log"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	broker, exchange, number := os.Args[1], os.Args[2], os.Args[4]
	trade, err := os.ReadFile(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	event := &kgo.Record{Topic: "exchange." + exchange + ".trades.v1", Key: []byte(number), Value: trade}
	for name, value := range map[string]string{
		"ce_specversion": "1.0", "ce_id": exchange + "-" + number + "-" + os.Args[5], "ce_source": "/exchanges/" + exchange,
		"ce_type": "cn.kunming.data-exchange.trade.v1", "ce_time": os.Args[6], "content-type": "application/json",
	} {
		event.Headers = append(event.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(context.Background(), event).FirstErr(); err != nil {
		log.Fatal(err)
	}
}
