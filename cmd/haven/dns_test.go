package main

import (
	"slices"
	"testing"

	"haven/platform/config"
)

// The records name the hosts that mail programs are told, and only what is served at a port that is known.
func TestProgramRecords(t *testing.T) {
	t.Parallel()
	conf := &config.Loaded{Config: config.Default()}
	conf.Service.Hostname, conf.Programs.IMAPHost = "mx.mail.example", "imap.mail.example"
	conf.Listen.Submission, conf.Listen.IMAP = "", ":0"
	var got []string
	for _, r := range programRecords("mail.example", conf) {
		got = append(got, r.Name+" "+r.Type+" "+r.Value)
	}
	want := []string{"_imaps._tcp.mail.example SRV 0 1 993 imap.mail.example.", "_sieve._tcp.mail.example SRV 0 1 4190 imap.mail.example.", "_submissions._tcp.mail.example SRV 0 1 465 mx.mail.example.", "_pop3s._tcp.mail.example SRV 0 0 0 ."}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
