package signature

import (
	"strings"
	"testing"

	"haven"
	"haven/platform/policy"
)

func TestParse(t *testing.T) {
	t.Parallel()
	p := policy.Signature{Lines: 3, Runes: 20}
	for _, c := range []struct {
		name, in, want string
		rule           haven.Rule
	}{
		{"nothing", "", "", "signature.text"},
		{"blanks alone", " \r\n\t\r\n", "", "signature.text"},
		{"lines, as a browser sends them", "Ann \r\nPharmacist\r\n\r\n", "Ann\nPharmacist", "signature.text"},
		{"a line set in", "Ann\n  Leeds", "Ann\n  Leeds", "signature.text"},
		{"many empty lines count as one", "a\n\n\n\n\nb", "a\n\nb", "signature.text"},
		{"as many lines as may be", "a\nb\nc", "a\nb\nc", "signature.text"},
		{"one line too many", "a\nb\nc\nd", "", "signature.lines"},
		{"as long as may be", strings.Repeat("é", 20), strings.Repeat("é", 20), "signature.text"},
		{"one too long", strings.Repeat("é", 21), "", "signature.runes"},
		{"a face", "👩‍⚕️ Ann", "👩‍⚕️ Ann", "signature.text"},
		{"the direction of text turned", "Ann\u202e", "", "signature.plain"},
		{"a control character", "Ann\x00", "", "signature.plain"},
		{"a carriage return alone", "Ann\rBcc: x", "", "signature.plain"},
		{"broken letters", "\xff", "", "signature.plain"},
		{"script stays text", "<script>", "<script>", "signature.text"},
	} {
		got, v := Parse(c.in, p)
		if v.Rule != c.rule || v.Allowed != (c.rule == "signature.text") || v.Allowed && got != c.want {
			t.Errorf("%s: %q, %+v", c.name, got, v)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	ann, bob := Member{Name: "Ann <Example>", Job: "Pharmacist"}, Member{Name: "Bob {job}"}
	for _, c := range []struct {
		name, text string
		m          Member
		want, html string
	}{
		{"nothing", "", ann, "", ""},
		{"no marks", "Rowan & Co\nLeeds", ann, "Rowan & Co\nLeeds", "Rowan &amp; Co<br>Leeds"},
		{"both", "{name}\n{job}\n\nRowan", ann, "Ann <Example>\nPharmacist\n\nRowan", "Ann &lt;Example&gt;<br>Pharmacist<br><br>Rowan"},
		{"on one line", "{name}, {job}", ann, "Ann <Example>, Pharmacist", "Ann &lt;Example&gt;, Pharmacist"},
		{"who has no job, on one line", "{name}, {job}", bob, "Bob {job}", "Bob {job}"},
		{"who has no job, the other way round", "{job} – {name}", bob, "Bob {job}", "Bob {job}"},
		{"who has no job, on a line of its own", "{name}\n({job})\n{job}\nRowan", bob, "Bob {job}\nRowan", "Bob {job}<br>Rowan"},
		{"who has no job, behind brackets", "{name} (Leeds) {job}", bob, "Bob {job} (Leeds)", "Bob {job} (Leeds)"},
		{"what is no mark", "{Name} {names} {", ann, "{Name} {names} {", "{Name} {names} {"},
		{"nothing but the job of who has none", "{job}", bob, "", ""},
	} {
		if got := Fill(c.text, c.m); got.Text != c.want || got.HTML != c.html {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestMaySign(t *testing.T) {
	t.Parallel()
	for rights, want := range map[haven.Rights]bool{haven.Member: true, haven.Own: true, haven.Read | haven.SendOnBehalf: true, haven.Read | haven.Write: false, haven.Read | haven.Manage: false, 0: false} {
		if v := MaySign(rights); v.Allowed != want || v.Rule != "signature.senders" {
			t.Errorf("%s: %+v", rights, v)
		}
	}
}
