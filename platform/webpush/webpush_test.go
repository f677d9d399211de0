package webpush_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"haven/platform/clock"
	"haven/platform/errs"
	"haven/platform/webpush"
	"haven/platform/webpush/webpushtest"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func target(t *testing.T, c *webpush.Client, d *webpushtest.Device, url string) webpush.Target {
	t.Helper()
	e, err := c.Endpoint(url)
	if err != nil {
		t.Fatal(err)
	}
	k, err := webpush.ParseKeys(d.Keys())
	if err != nil {
		t.Fatal(err)
	}
	return webpush.Target{Endpoint: e, Keys: k}
}

// What is pushed arrives whole at its device, and says nothing to anybody else.
func TestPush(t *testing.T) {
	t.Parallel()
	service, device := webpushtest.New(t), webpushtest.NewDevice(t)
	c := service.Client(t, clock.NewFake(noon))
	to := target(t, c, device, service.URL("/wpush/v2/abc"))
	for _, payload := range []string{"", `{"@type":"StateChange"}`, strings.Repeat("x", webpush.MaxPayload)} {
		r := c.Push(t.Context(), to, webpush.Message{Payload: []byte(payload), Type: "application/json", TTL: 90 * time.Second, Urgency: webpush.High, Topic: "state"})
		if r.Outcome != webpush.Delivered || r.Code != http.StatusCreated || r.Err != nil {
			t.Fatalf("%d octets: %+v", len(payload), r)
		}
		got := <-service.Pushes
		if text, err := device.Open(got.Body); err != nil || string(text) != payload {
			t.Errorf("%d octets arrive as %q, %v", len(payload), text, err)
		}
		if len(got.Body) > 4096 || payload != "" && bytes.Contains(got.Body, []byte(payload)) {
			t.Errorf("the body is %d octets, or readable", len(got.Body))
		}
		for name, want := range map[string]string{"TTL": "90", "Urgency": "high", "Topic": "state", "Content-Encoding": "aes128gcm", "Content-Type": "application/json"} {
			if got.Header.Get(name) != want {
				t.Errorf("%s is %q", name, got.Header.Get(name))
			}
		}
		if got.Path != "/wpush/v2/abc" {
			t.Errorf("it goes to %s", got.Path)
		}
		if _, err := webpushtest.NewDevice(t).Open(got.Body); err == nil {
			t.Error("another device reads it")
		}
	}
	for _, m := range []webpush.Message{{Payload: make([]byte, webpush.MaxPayload+1)}, {Topic: strings.Repeat("t", 33)}, {Topic: "a\r\nX: y"}} {
		if r := c.Push(t.Context(), to, m); r.Outcome != webpush.Failed || r.Err == nil {
			t.Errorf("%+v is pushed: %+v", m, r)
		}
	}
}

// Who we are to a push service is signed, for that service alone and for less than a day (RFC 8292 §2).
func TestIdentity(t *testing.T) {
	t.Parallel()
	service, device := webpushtest.New(t), webpushtest.NewDevice(t)
	c := service.Client(t, clock.NewFake(noon))
	c.Push(t.Context(), target(t, c, device, service.URL("/a?b=c")), webpush.Message{})
	field := (<-service.Pushes).Header.Get("Authorization")
	token, key, ok := strings.Cut(strings.TrimPrefix(field, "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !ok || len(parts) != 3 || key != c.PublicKey() {
		t.Fatalf("Authorization is %q", field)
	}
	dec := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), dec(key))
	if err != nil {
		t.Fatal(err)
	}
	sum, signature := sha256.Sum256([]byte(parts[0]+"."+parts[1])), dec(parts[2])
	if len(signature) != 64 || !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Error("the signature is wrong")
	}
	var claims struct {
		Aud, Sub string
		Exp      int64
	}
	if err := json.Unmarshal(dec(parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Aud != strings.TrimSuffix(service.URL(""), "/") || claims.Sub != "mailto:postmaster@haven.example" {
		t.Errorf("it claims %+v", claims)
	}
	if left := time.Unix(claims.Exp, 0).Sub(noon); left <= 0 || left > 24*time.Hour {
		t.Errorf("it is good for %v", left)
	}
	for contact, good := range map[string]bool{"mailto:a@b.test": true, "https://b.test/help": true, "a@b.test": false, "mailto:": false, "http://b.test": false, "mailto:a@b.test\r\n": false} {
		if webpush.IsContact(contact) != good {
			t.Errorf("%q is a contact: not %t", contact, good)
		}
	}
	if _, err := webpush.NewIdentity([]byte("no key"), "mailto:a@b.test"); err == nil {
		t.Error("a damaged key serves")
	}
}

// Whatever a push service answers has a meaning and an end.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   webpush.Result
	}{
		{"taken", webpushtest.Code(201, "", ""), webpush.Result{Outcome: webpush.Delivered, Code: 201}},
		{"taken, with a receipt to come", webpushtest.Code(202, "", ""), webpush.Result{Outcome: webpush.Delivered, Code: 202}},
		{"gone", webpushtest.Code(410, "", ""), webpush.Result{Outcome: webpush.Gone, Code: 410}},
		{"never heard of", webpushtest.Code(404, "", ""), webpush.Result{Outcome: webpush.Gone, Code: 404}},
		{"too much", webpushtest.Code(429, "Retry-After", "120"), webpush.Result{Outcome: webpush.Slow, Code: 429, Wait: 2 * time.Minute}},
		{"in trouble", webpushtest.Code(503, "Retry-After", "Fri, 27 Nov 2026 12:05:00 GMT"), webpush.Result{Outcome: webpush.Slow, Code: 503, Wait: 5 * time.Minute}},
		{"in trouble since yesterday", webpushtest.Code(503, "Retry-After", "Thu, 26 Nov 2026 12:05:00 GMT"), webpush.Result{Outcome: webpush.Slow, Code: 503}},
		{"for ever", webpushtest.Code(500, "Retry-After", "99999999999999999999"), webpush.Result{Outcome: webpush.Slow, Code: 500, Wait: 24 * time.Hour}},
		{"says nonsense", webpushtest.Code(502, "Retry-After", "soon"), webpush.Result{Outcome: webpush.Slow, Code: 502}},
		{"doesn't know us", webpushtest.Code(403, "", ""), webpush.Result{Code: 403}},
		{"too long", webpushtest.Code(413, "", ""), webpush.Result{Code: 413}},
		{"an answer without end", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			block := make([]byte, 64<<10)
			for range 1000 {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}, webpush.Result{Outcome: webpush.Delivered, Code: 201}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			service := webpushtest.New(t)
			service.Answer(c.answer)
			client := service.Client(t, clock.NewFake(noon))
			got := client.Push(t.Context(), target(t, client, webpushtest.NewDevice(t), service.URL("/x")), webpush.Message{})
			if got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// A redirect leads nowhere, least of all inside.
func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, code := range []int{301, 302, 303, 307, 308} {
		service := webpushtest.New(t)
		service.Answer(webpushtest.Code(code, "Location", service.URL("/elsewhere")))
		c := service.Client(t, clock.NewFake(noon))
		if r := c.Push(t.Context(), target(t, c, webpushtest.NewDevice(t), service.URL("/x")), webpush.Message{}); r.Outcome != webpush.Failed || r.Code != code {
			t.Errorf("%d: %+v", code, r)
		}
		if n := len(service.Pushes); n != 1 {
			t.Errorf("%d: %d requests", code, n)
		}
	}
}

// A push service that says nothing costs so long and no longer, and a large head of an answer is not read.
func TestBounds(t *testing.T) {
	t.Parallel()
	service := webpushtest.New(t)
	c := service.Client(t, clock.NewFake(noon), func(o *webpush.Options) { o.Limit = 300 * time.Millisecond })
	to := target(t, c, webpushtest.NewDevice(t), service.URL("/secret-of-the-device"))
	ended := make(chan struct{})
	service.Answer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done(); close(ended) })
	r := c.Push(t.Context(), to, webpush.Message{})
	if r.Outcome != webpush.Failed || !errors.Is(r.Err, context.DeadlineExceeded) || strings.Contains(r.Err.Error(), "secret") {
		t.Errorf("%+v", r)
	}
	<-ended
	service.Answer(webpushtest.Code(201, "X-Long", strings.Repeat("x", 100<<10)))
	if r := c.Push(t.Context(), to, webpush.Message{}); r.Outcome != webpush.Failed || r.Err == nil {
		t.Errorf("a large head: %+v", r.Outcome)
	}
}

// A certificate of somebody else, or none, gets nothing.
func TestOnlyOverTLS(t *testing.T) {
	t.Parallel()
	service, other := webpushtest.New(t), webpushtest.New(t)
	c := service.Client(t, clock.NewFake(noon), func(o *webpush.Options) { o.Roots = other.Roots })
	if r := c.Push(t.Context(), target(t, c, webpushtest.NewDevice(t), service.URL("/x")), webpush.Message{}); r.Outcome != webpush.Failed || len(service.Pushes) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"8.8.8.8": true, "142.250.0.1": true, "2a00:1450:4009::1": true, "2600:1901::1": true,
		"127.0.0.1": false, "127.8.8.8": false, "0.0.0.0": false, "10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "172.32.0.1": true, "192.168.1.1": false,
		"100.64.0.1": false, "100.127.255.255": false, "100.128.0.1": true, "169.254.169.254": false, "192.0.0.170": false, "192.0.2.1": false, "198.18.0.1": false,
		"198.51.100.7": false, "203.0.113.7": false, "224.0.0.1": false, "239.1.1.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fc00::1": false, "fd00::1": false, "fd00:ec2::254": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:8.8.8.8": false, "::127.0.0.1": false, "64:ff9b::10.0.0.1": false, "2001::1": false, "2001:db8::1": false,
		"2002:7f00:1::": false, "3fff::1": false, "fec0::1": false, "100::1": false,
	} {
		if webpush.Public(netip.MustParseAddr(text)) != want {
			t.Errorf("%s is public: not %t", text, want)
		}
	}
	if webpush.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	c := webpush.NewClient(webpush.Options{Clock: clock.NewFake(noon), Refused: []netip.Prefix{netip.MustParsePrefix("155.231.0.0/16")}})
	some := webpush.NewClient(webpush.Options{Clock: clock.NewFake(noon), Hosts: []string{"push.test", ".notify.test"}})
	for _, g := range []struct {
		url       string
		any, some bool
	}{
		{"https://push.test/x", true, true},
		{"https://PUSH.test:443/x?y=z", true, true},
		{"https://a.notify.test/", true, true},
		{"https://notify.test/", true, false},
		{"https://evil-notify.test/", true, false},
		{"https://8.8.8.8/x", true, false},
		{"https://[2a00:1450::1]/x", true, false},
		{"http://push.test/x", false, false},
		{"HTTPS://push.test/x", true, true},
		{"//push.test/x", false, false},
		{"https:push.test/x", false, false},
		{"https:///x", false, false},
		{"https://push.test:8443/x", false, false},
		{"https://push.test:/x", false, false},
		{"https://user@push.test/x", false, false},
		{"https://push.test/x#y", false, false},
		{"https://push.test/x y", false, false},
		{"https://push.test/\r\nX: y", false, false},
		{"https://localhost/x", false, false},
		{"https://push/x", false, false},
		{"https://push.test./x", false, false},
		{"https://-push.test/x", false, false},
		{"https://püsh.test/x", false, false},
		{"https://127.0.0.1/x", false, false},
		{"https://127.1/x", false, false},
		{"https://0x7f.0.0.1/x", false, false},
		{"https://2130706433/x", false, false},
		{"https://10.0.0.1/x", false, false},
		{"https://169.254.169.254/latest/meta-data/", false, false},
		{"https://155.231.7.7/", false, false},
		{"https://[::1]/x", false, false},
		{"https://[fd00::1]/x", false, false},
		{"https://[fe80::1%25eth0]/x", false, false},
		{"https://[::ffff:127.0.0.1]/x", false, false},
		{"ftp://push.test/x", false, false},
		{"", false, false},
	} {
		for name, c := range map[string]struct {
			client *webpush.Client
			good   bool
		}{"any": {c, g.any}, "some": {some, g.some}} {
			e, err := c.client.Endpoint(g.url)
			if (err == nil) != c.good || err != nil && !errs.Is(err, errs.Invalid) || err == nil && e.Text() != g.url {
				t.Errorf("%s: %q: %v", name, g.url, err)
			}
		}
	}
}

// What a name leads to is looked at as it is connected to; one address that is not public among others is enough.
func TestAddressesAreLookedAtWhenDialled(t *testing.T) {
	t.Parallel()
	public, private := netip.MustParseAddr("142.250.0.1"), netip.MustParseAddr("10.0.0.1")
	names := webpushtest.Names{}
	for name, a := range map[string]string{"loopback": "127.0.0.1", "inside": "10.0.0.1", "metadata": "169.254.169.254", "six": "::1", "unique": "fd00::1", "mapped": "::ffff:127.0.0.1", "carrier": "100.64.0.1", "many": "224.0.0.1", "none": "0.0.0.0"} {
		names[name+".test"] = []netip.Addr{netip.MustParseAddr(a)}
	}
	names["both.test"], names["other-way.test"] = []netip.Addr{public, private}, []netip.Addr{private, public}
	names["nowhere.test"] = nil
	service := webpushtest.New(t)
	c := service.Client(t, clock.NewFake(noon), func(o *webpush.Options) { o.Loopback, o.Resolver = false, names })
	for name := range names {
		r := c.Push(t.Context(), target(t, c, webpushtest.NewDevice(t), "https://"+name+"/x"), webpush.Message{})
		if r.Outcome != webpush.Failed || name != "nowhere.test" && !errors.Is(r.Err, webpush.ErrNotPublic) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := c.Push(t.Context(), target(t, c, webpushtest.NewDevice(t), "https://unknown.test/x"), webpush.Message{}); r.Outcome != webpush.Failed || r.Err == nil {
		t.Errorf("an unknown name: %+v", r)
	}
}

// Even a resolver that is asked twice and answers differently gets nobody inside: the last look is at the socket.
func TestTheSocketIsLookedAt(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := webpush.NewClient(webpush.Options{Clock: clock.NewFake(noon)})
	d := net.Dialer{Control: c.Control}
	if conn, err := d.DialContext(t.Context(), "tcp", l.Addr().String()); !errors.Is(err, webpush.ErrNotPublic) {
		t.Errorf("%v, %v", conn, err)
	}
	if err := c.Control("tcp", "8.8.8.8:80", nil); err == nil {
		t.Error("another port is connected to")
	}
	if err := c.Control("tcp", "8.8.8.8:443", nil); err != nil {
		t.Error(err)
	}
}

// On this machine, and only for tests, http serves too.
func TestHTTPOnLoopback(t *testing.T) {
	t.Parallel()
	got := make(chan []byte, 1)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- body
		w.WriteHeader(201)
	}), ReadHeaderTimeout: time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	device := webpushtest.NewDevice(t)
	c := webpushtest.New(t).Client(t, clock.NewFake(noon))
	if r := c.Push(t.Context(), target(t, c, device, "http://"+l.Addr().String()+"/x"), webpush.Message{Payload: []byte("hello")}); r.Outcome != webpush.Delivered {
		t.Fatalf("%+v", r)
	}
	if text, err := device.Open(<-got); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := c.Endpoint("http://push.test/x"); err == nil {
		t.Error("http serves elsewhere")
	}
}

func TestParseKeys(t *testing.T) {
	t.Parallel()
	point, auth := webpushtest.NewDevice(t).Keys()
	standard := strings.NewReplacer("-", "+", "_", "/")
	for _, c := range []struct {
		name, point, auth string
		rule              string
	}{
		{"as browsers give them", point, auth, ""},
		{"padded, in the other alphabet", standard.Replace(point) + "=", standard.Replace(auth) + "==", ""},
		{"no key", "", auth, "webpush.p256dh"},
		{"no secret", point, "", "webpush.auth"},
		{"a short secret", point, auth[:20], "webpush.auth"},
		{"a point elsewhere", base64.RawURLEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...)), auth, "webpush.p256dh"},
		{"a compressed point", base64.RawURLEncoding.EncodeToString(append([]byte{2}, make([]byte, 32)...)), auth, "webpush.p256dh"},
		{"no base64", strings.Repeat("*", 87), auth, "webpush.p256dh"},
		{"endless", strings.Repeat("A", 1<<20), auth, "webpush.p256dh"},
	} {
		k, err := webpush.ParseKeys(c.point, c.auth)
		var e *errs.Error
		if c.rule == "" {
			if p, a := k.Text(); err != nil || p != point || a != auth {
				t.Errorf("%s: %v", c.name, err)
			}
		} else if !errors.As(err, &e) || e.Rule != c.rule || e.Kind != errs.Invalid || !k.IsZero() {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("https://push.test/x", "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "BTBZMqHH6r4Tts7J_aSIgg")
	f.Add("https://[::ffff:10.0.0.1]:443/", "", "")
	c := webpush.NewClient(webpush.Options{Clock: clock.NewFake(noon)})
	f.Fuzz(func(t *testing.T, url, point, auth string) {
		if e, err := c.Endpoint(url); err == nil {
			if !strings.HasPrefix(strings.ToLower(url), "https://") || e.Text() != url || e.Host() == "" || strings.ContainsAny(e.Host(), "@/\\? \r\n") {
				t.Errorf("%q serves, with host %q", url, e.Host())
			}
			if a, err := netip.ParseAddr(strings.Trim(e.Host(), "[]")); err == nil && !webpush.Public(a) {
				t.Errorf("%q serves", url)
			}
			if again, err := c.Endpoint(e.Text()); err != nil || again != e {
				t.Errorf("%q is read differently: %v", url, err)
			}
		}
		if k, err := webpush.ParseKeys(point, auth); err == nil {
			if again, err := webpush.ParseKeys(k.Text()); err != nil || again.IsZero() {
				t.Errorf("%q, %q are not read back: %v", point, auth, err)
			}
			if _, err := webpush.Encrypt(k, []byte("x")); err != nil {
				t.Error(err)
			}
		}
	})
}
