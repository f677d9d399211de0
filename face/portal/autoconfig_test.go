package portal

import (
	"encoding/xml"
	"strings"
	"testing"

	"haven/people/peopletest"
	"haven/platform/notify"
)

// Mail programs are told by the page and by the file the same servers, whoever asks.
func TestAutoconfig(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h, func(_ *notify.Options, o *Options) {
			o.Programs = Programs{Domains: []string{"haven.example", "branch.haven.example"}, IMAPHost: "imap.haven.example", SMTPHost: "smtp.haven.example", IMAPPort: 993, SMTPPort: 465}
		})
		aisha := h.Person("Aisha", "Rahman")
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/programs/new").send("/account/programs/new", "name", "Phone", "mailbox", aisha.ID.String()).want(200, "/account/programs/new", "imap.haven.example, port 993, SSL/TLS")
		b.want(200, "/account/programs/new", "smtp.haven.example, port 465, SSL/TLS")

		for _, path := range []string{"/.well-known/autoconfig/mail/config-v1.1.xml", "/mail/config-v1.1.xml"} {
			a := s.browser()
			a.get(path).want(200, path, "%EMAILADDRESS%")
			said := a.text
			if a.get(path + "?emailaddress=nobody@haven.example"); a.text != said {
				t.Error("what is told depends on the address")
			}
			if got := a.header.Get("Content-Type"); got != "application/xml; charset=utf-8" {
				t.Errorf("it is %s", got)
			}
			var c autoconfigXML
			if err := xml.Unmarshal([]byte(said), &c); err != nil {
				t.Fatal(err)
			}
			want := autoconfigServer{"imap", "imap.haven.example", 993, "SSL", "%EMAILADDRESS%", "password-cleartext"}
			if p := c.Provider; c.Version != "1.1" || strings.Join(p.Domains, " ") != "haven.example branch.haven.example" || len(p.Incoming) != 1 || p.Incoming[0] != want ||
				len(p.Outgoing) != 1 || p.Outgoing[0].Type != "smtp" || p.Outgoing[0].Host != "smtp.haven.example" || p.Outgoing[0].Port != 465 {
				t.Errorf("%s", said)
			}
		}
	})
}
