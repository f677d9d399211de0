package webpush_test

import (
	"testing"

	"haven/platform/clock"
	"haven/platform/webpush"
	"haven/platform/webpush/webpushtest"
)

// BenchmarkPush is a message encrypted, signed, and taken by a push service on this machine.
func BenchmarkPush(b *testing.B) {
	service, device := webpushtest.New(b), webpushtest.NewDevice(b)
	c := service.Client(b, clock.NewFake(noon))
	e, err := c.Endpoint(service.URL("/x"))
	if err != nil {
		b.Fatal(err)
	}
	k, err := webpush.ParseKeys(device.Keys())
	if err != nil {
		b.Fatal(err)
	}
	payload := []byte(`{"@type":"StateChange","changed":{"a":{"Email":"17","Mailbox":"17","Thread":"17"}}}`)
	for b.Loop() {
		if r := c.Push(b.Context(), webpush.Target{Endpoint: e, Keys: k}, webpush.Message{Payload: payload}); r.Outcome != webpush.Delivered {
			b.Fatalf("%+v", r)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pushes/s")
}

// BenchmarkEncrypt is the encryption alone.
func BenchmarkEncrypt(b *testing.B) {
	k, err := webpush.ParseKeys(webpushtest.NewDevice(b).Keys())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := webpush.Encrypt(k, make([]byte, 200)); err != nil {
			b.Fatal(err)
		}
	}
}
