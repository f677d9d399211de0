package config

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"haven"
	"haven/platform/webpush"
)

// mistake is a value that can't be meant, by its key.
type mistake struct{ key, what string }

// check holds values against what they are for and against each other.
func (l *Loaded) check() []mistake {
	var out []mistake
	add := func(key, what string, args ...any) { out = append(out, mistake{key, fmt.Sprintf(what, args...)}) }
	if len(l.Service.Domains) == 0 {
		add("service.domains", "no mail domain is named; write domains = [\"your.domain\"] under [service]")
	}
	for _, d := range l.Service.Domains {
		if !isDomain(d) {
			add("service.domains", "%q is no domain; write it in lower case, such as \"mail.example\"", d)
		}
	}
	if l.Service.Hostname == "" {
		add("service.hostname", "the machine's name is missing; write hostname = \"mx.your.domain\" under [service]")
	} else if !isDomain(l.Service.Hostname) {
		add("service.hostname", "%q is no host name; write it in lower case, such as \"mx.mail.example\"", l.Service.Hostname)
	}
	switch {
	case l.Service.Data == "":
		add("service.data", "the data folder is missing; name one that the service may write to")
	case !filepath.IsAbs(l.Service.Data):
		add("service.data", "%q would be another folder for each place that haven is started from; begin it with /", l.Service.Data)
	}
	out = append(out, l.checkListen()...)
	if (l.TLS.Certificate == "") != (l.TLS.Key == "") {
		add("tls.key", "certificate and key belong together; name both, or neither")
	}
	for _, h := range []struct{ key, host string }{{"programs.imap_host", l.Programs.IMAPHost}, {"programs.submission_host", l.Programs.SubmissionHost}} {
		if h.host != "" && !isDomain(h.host) {
			add(h.key, "%q is no host name; write it in lower case and without a port, such as \"imap.mail.example\", or leave it out for service.hostname", h.host)
		}
	}
	out = append(out, l.checkDatabase()...)
	for _, r := range l.Outbox.Routes {
		if d, h, ok := strings.Cut(r, "="); !ok || !isDomain(d) || !isHostPort(h) {
			add("outbox.routes", "%q is no route; write \"domain=host:port\"", r)
		}
	}
	if h := l.Outbox.SmartHost; h != "" && !isHostPort(h) {
		add("outbox.smart_host", "%q is no host:port; write such as \"relay.internal:587\"", h)
	}
	if r := l.Outbox.Resolver; r != "" && !isHostPort(r) {
		add("outbox.resolver", "%q is no name server; write its host:port, such as \"127.0.0.1:53\"", r)
	}
	out = append(out, l.checkNotify()...)
	out = append(out, l.checkPush()...)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, l.Log.Level) {
		add("log.level", "%q is no level; write debug, info, warn or error", l.Log.Level)
	}
	if !slices.Contains([]string{"text", "json"}, l.Log.Format) {
		add("log.format", "%q is no format; write text or json", l.Log.Format)
	}
	for _, f := range l.Policy.Check() {
		add("policy."+f.Field, "it has to be %s", f.Want)
	}
	return out
}

func (l *Loaded) checkNotify() []mistake {
	var out []mistake
	n := l.Notify
	if n.URL != "" && !isSafeURL(n.URL) {
		out = append(out, mistake{"notify.url", "passwords and codes go there, so it is https://…; http:// is for this machine alone"})
	}
	if n.Email != "notify" && n.Email != "outbox" {
		out = append(out, mistake{"notify.email", fmt.Sprintf("%q sends no e-mails; write notify or outbox", n.Email)})
	}
	if n.EmailFrom == "" {
		return out
	}
	a, err := haven.ParseAddress(n.EmailFrom)
	if err != nil || !a.IsASCII() || !slices.Contains(l.Service.Domains, a.Domain) {
		out = append(out, mistake{"notify.email_from", fmt.Sprintf("%q is no address in a domain of service.domains; write such as \"no-reply@mail.example\"", n.EmailFrom)})
	}
	return out
}

func (l *Loaded) checkPush() []mistake {
	var out []mistake
	if c := l.Push.Contact; c != "" && !webpush.IsContact(c) {
		out = append(out, mistake{"push.contact", fmt.Sprintf("%q is no contact; write \"mailto:postmaster@mail.example\" or the https:// address of a page", c)})
	}
	for _, h := range l.Push.Hosts {
		if !isDomain(strings.TrimPrefix(h, ".")) {
			out = append(out, mistake{"push.hosts", fmt.Sprintf("%q is no host; write such as \"fcm.googleapis.com\", or \".push.apple.com\" for all below it", h)})
		}
	}
	for _, n := range l.Push.Refused {
		if p, err := netip.ParsePrefix(n); err != nil || p != p.Masked() {
			out = append(out, mistake{"push.refused", fmt.Sprintf("%q is no network; write such as \"155.231.0.0/16\"", n)})
		}
	}
	return out
}

func (l *Loaded) checkDatabase() []mistake {
	var out []mistake
	if u := l.Database.URL; u != "" && !isPostgres(u) {
		out = append(out, mistake{"database.url", "write postgres://user@host/database, or leave it out for SQLite"})
	}
	if u := l.Database.KeysURL; u != "" && !isPostgres(u) && !filepath.IsAbs(u) {
		out = append(out, mistake{"database.keys_url", "write postgres://user@host/database, the whole path of a file for SQLite, or leave it out"})
	}
	for _, p := range []struct{ key, path string }{{"database.master_key", l.Database.MasterKey}, {"database.packs", l.Database.Packs}, {"notify.key_file", l.Notify.KeyFile}} {
		if p.path != "" && !filepath.IsAbs(p.path) {
			out = append(out, mistake{p.key, fmt.Sprintf("%q would be another place for each folder that haven is started from; begin it with /", p.path)})
		}
	}
	return out
}

// isSafeURL reports whether a secret may go to an address: nobody reads along over HTTPS, or on this machine.
func isSafeURL(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && IsLoopback(u.Hostname())
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

func (l *Loaded) checkListen() []mistake {
	var out []mistake
	if host, _, err := net.SplitHostPort(l.Listen.HTTP); l.Listen.Profiles && (err != nil || !IsLoopback(host)) {
		out = append(out, mistake{"listen.profiles", "listen.http is not loopback; profiles tell of what passes through, so they are for 127.0.0.1 and ::1 alone"})
	}
	if host, _, err := net.SplitHostPort(l.Listen.HTTP); l.Listen.PagesOnHTTP && (err != nil || !IsLoopback(host)) {
		out = append(out, mistake{"listen.pages_on_http", "listen.http is not loopback; pages for others are over HTTPS, at listen.portal"})
	}
	for _, n := range l.Listen.Front {
		if p, err := netip.ParsePrefix(n); err != nil || p != p.Masked() {
			out = append(out, mistake{"listen.front", fmt.Sprintf("%q is no network; write such as \"10.0.0.0/8\", or \"192.0.2.5/32\" for one server", n)})
		}
	}
	seen := map[string]string{}
	v := reflect.ValueOf(l.Listen)
	for i := range v.NumField() {
		key := "listen." + snake(v.Type().Field(i).Name)
		addr, ok := v.Field(i).Interface().(string)
		if !ok || addr == "" {
			continue
		}
		host, port, err := net.SplitHostPort(addr)
		if err != nil || !isPort(port, 0) {
			out = append(out, mistake{key, fmt.Sprintf("%q is no address to listen on; write \":25\" or \"127.0.0.1:2525\", or \"\" to switch it off", addr)})
			continue
		}
		if other, twice := seen[addr]; twice && !strings.HasSuffix(addr, ":0") {
			out = append(out, mistake{key, fmt.Sprintf("%s listens there already; give each its own port", other)})
		}
		seen[addr] = key
		if l.Listen.AllowPlaintextLogin && !IsLoopback(host) {
			out = append(out, mistake{"listen.allow_plaintext_login", fmt.Sprintf("%s is not loopback; passwords without TLS are for 127.0.0.1 and ::1 alone", key)})
		}
	}
	return out
}

// IsLoopback reports whether a host is this machine and nothing else.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && host != "" && isPort(port, 1)
}

// isPort reports whether s is the number of a port, not below least: 0 is any that is free.
func isPort(s string, least int) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= least && n <= 65535 && s[0] != '+'
}

func isDomain(s string) bool {
	if s == "" || len(s) > 253 || strings.ToLower(s) != s {
		return false
	}
	for _, label := range strings.Split(s, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// Print writes every key with its effective value and where that came from, as a file that Load reads again. What is missing
// or can't be meant is marked above its key.
func (l *Loaded) Print(w io.Writer) error {
	var err error
	table := ""
	say := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format, args...)
		}
	}
	walk("", reflect.ValueOf(&l.Config).Elem(), func(key string, f field) {
		dot := strings.LastIndexByte(key, '.')
		if t := key[:dot]; t != table {
			table = t
			say("\n[%s]\n", t)
		}
		origin := l.Origins[key]
		if origin == "" {
			if origin = "default"; strings.HasPrefix(key, "policy.") {
				origin = "profile " + l.Policy.Name
			}
		}
		if f.doc != "" {
			say("# %s\n", f.doc)
		}
		for _, m := range l.wrong {
			if m.key == key {
				say("# MISTAKE: %s\n", m.what)
			}
		}
		say("%s = %s  # %s\n", key[dot+1:], show(f.value), origin)
	})
	return err
}
