package lang

import "testing"

// BenchmarkRun is what a usual script costs each letter.
func BenchmarkRun(b *testing.B) {
	text := readLetter(b, "plain")
	s, err := Compile(`require ["fileinto", "imap4flags", "mailbox", "variables"];
		if header :contains "subject" ["invoice", "receipt"] { fileinto "Bills"; stop; }
		if address :domain "from" ["surgery.test", "trust.test"] { addflag "\\Flagged"; }
		if header :matches "subject" "[*] *" { fileinto :create "Lists/${1}"; }`, limits())
	if err != nil {
		b.Fatal(err)
	}
	l, h := letterOf(text, "bob@surgery.test"), &house{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Run(l, h, limits()); err != nil {
			b.Fatal(err)
		}
	}
}
