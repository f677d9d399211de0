package portal

import (
	"encoding/xml"

	"haven/platform/errs"
)

// What Thunderbird, and programs that learnt it from there, ask a domain for to set themselves up
// (https://www.bucksch.org/1/projects/thunderbird/autoconfiguration/config-file-format.html). They ask at
// https://DOMAIN/.well-known/autoconfig/mail/config-v1.1.xml and https://autoconfig.DOMAIN/mail/config-v1.1.xml.
type autoconfigXML struct {
	XMLName  xml.Name `xml:"clientConfig"`
	Version  string   `xml:"version,attr"`
	Provider struct {
		ID       string             `xml:"id,attr"`
		Domains  []string           `xml:"domain"`
		Name     string             `xml:"displayName"`
		Short    string             `xml:"displayShortName"`
		Incoming []autoconfigServer `xml:"incomingServer"`
		Outgoing []autoconfigServer `xml:"outgoingServer"`
	} `xml:"emailProvider"`
}

type autoconfigServer struct {
	Type   string `xml:"type,attr"`
	Host   string `xml:"hostname"`
	Port   int    `xml:"port"`
	Socket string `xml:"socketType"`
	User   string `xml:"username"`
	Auth   string `xml:"authentication"`
}

// autoconfig says where mail programs find the service: the same to everybody, whatever address they ask for.
func autoconfig(q *request) error {
	p := q.s.o.Programs
	if p.IMAPPort == 0 || p.SMTPPort == 0 || len(p.Domains) == 0 {
		return errs.E(errs.NotFound, "")
	}
	server := func(kind, host string, port int) []autoconfigServer {
		return []autoconfigServer{{kind, host, port, "SSL", "%EMAILADDRESS%", "password-cleartext"}} // in the clear within TLS
	}
	c := autoconfigXML{Version: "1.1"}
	c.Provider.ID, c.Provider.Domains, c.Provider.Name, c.Provider.Short = p.Domains[0], p.Domains, q.s.o.Service, q.s.o.Service
	c.Provider.Incoming, c.Provider.Outgoing = server("imap", p.IMAPHost, p.IMAPPort), server("smtp", p.SMTPHost, p.SMTPPort)
	text, err := xml.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	_, _ = q.w.Write([]byte(xml.Header + string(text) + "\n")) // the program's own loss
	return nil
}
