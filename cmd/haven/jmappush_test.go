package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"haven"
	"haven/face/jmap"
	"haven/face/jmap/jmapclient"
	"haven/mail/push"
	"haven/people/account"
	"haven/people/sharedmailbox"
	"haven/platform/db/dbtest"
	"haven/platform/webpush/webpushtest"
)

// phone is a program that speaks JMAP with a service whose every door is open, and is woken through the push service outside.
type phone struct {
	*woken
	*jmapclient.Client
	path   string
	device *webpushtest.Device
	id     string
	knows  push.States // what it was told
}

// serves opens every door of the house, until stop is called or the test ends.
func (w *woken) serves() (s *serving, stop func() error) {
	w.t.Helper()
	s = newServing(w.h)
	stop = sync.OnceValue(s.stop)
	w.t.Cleanup(func() { w.must(stop()) })
	w.must(s.start(w.t.Context()))
	return s, stop
}

func (s *serving) at(port string) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.ports[port]))
}

func (w *woken) phone(s *serving, path string, h http.Header) *phone {
	w.t.Helper()
	c, err := jmapclient.Open(w.t.Context(), &http.Client{}, "http://"+s.at("http"), h)
	w.must(err)
	if c.Session.Person != "" {
		c.Header.Set("Haven-Person", c.Session.Person)
	}
	c.Using = slices.Collect(maps.Keys(c.Session.Capabilities)) // all types are told of
	p := &phone{woken: w, Client: c, path: path, device: webpushtest.NewDevice(w.t), knows: push.States{}}
	w.devices[path] = p.device
	return p
}

// ask makes one call and reads its answer.
func (p *phone) ask(name string, args jmapclient.Args, into any) {
	p.t.Helper()
	r, err := p.Call(p.t.Context(), jmapclient.Call{Name: name, Args: args})
	p.must(err)
	if r.Answers[0].Error() != "" {
		p.t.Fatalf("%s: %s", name, r.Answers[0].Args)
	}
	p.must(r.Answers[0].Into(into))
}

// subscribes makes a subscription, takes the code that comes, and brings it back.
func (p *phone) subscribes() {
	p.t.Helper()
	p256dh, auth := p.device.Keys()
	var out struct {
		Created map[string]struct{ ID, Expires string }
		Updated map[string]any
	}
	p.ask("PushSubscription/set", jmapclient.Args{"create": jmapclient.Args{"k": jmapclient.Args{"deviceClientId": "phone " + p.path, "url": p.outside.URL(p.path), "keys": jmapclient.Args{"p256dh": p256dh, "auth": auth}}}}, &out)
	p.id = out.Created["k"].ID
	var v struct {
		Type               string `json:"@type"`
		PushSubscriptionID string `json:"pushSubscriptionId"`
		VerificationCode   string `json:"verificationCode"`
	}
	p.reads(&v)
	if v.Type != "PushVerification" || v.PushSubscriptionID != p.id || p.id == "" {
		p.t.Fatalf("%+v for %+v", v, out)
	}
	p.ask("PushSubscription/set", jmapclient.Args{"update": jmapclient.Args{p.id: jmapclient.Args{"verificationCode": v.VerificationCode}}}, &out)
	if _, ok := out.Updated[p.id]; !ok {
		p.t.Fatalf("the code was not taken: %+v", out)
	}
}

// reads takes the next message, which has to be this phone's, encrypted, signed, and to hold nothing but what into has room for.
func (p *phone) reads(into any) {
	p.t.Helper()
	select {
	case m := <-p.outside.Pushes:
		if m.Path != p.path || m.Header.Get("Content-Encoding") != "aes128gcm" || !strings.HasPrefix(m.Header.Get("Authorization"), "vapid t=") || m.Header.Get("TTL") == "" {
			p.t.Fatalf("%s gets %v", m.Path, m.Header)
		}
		text, err := p.device.Open(m.Body)
		p.must(err)
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil || bytes.Contains(m.Body, []byte("StateChange")) {
			p.t.Fatalf("%s is told %s, %v", p.path, text, err)
		}
	case <-time.After(patience):
		p.t.Fatalf("%s is told nothing", p.path)
	}
}

// hears takes what changed until it knows what is wanted.
func (p *phone) hears(what string, known func(push.States) bool) {
	p.t.Helper()
	for {
		var c struct {
			Type    string      `json:"@type"`
			Changed push.States `json:"changed"`
		}
		if p.reads(&c); c.Type != "StateChange" || len(c.Changed) == 0 {
			p.t.Fatalf("%s: %+v", what, c)
		}
		for account, states := range c.Changed {
			if p.knows[account] == nil {
				p.knows[account] = map[string]string{}
			}
			maps.Copy(p.knows[account], states)
		}
		if known(p.knows) {
			return
		}
	}
}

// source is all that an event source tells of the same session.
func (p *phone) source() push.States {
	p.t.Helper()
	e, err := p.Events(p.t.Context(), "*", "state", "0", "another state")
	p.must(err)
	defer e.Close()
	ev, err := e.Next()
	p.must(err)
	ch, err := ev.Change()
	p.must(err)
	return ch.Changed
}

// agrees waits until the phone knows what an event source says, and holds that against what methods say.
func (p *phone) agrees(what string) {
	p.t.Helper()
	for account := range p.knows {
		p.ask("Identity/get", jmapclient.Args{"accountId": account}, &struct{}{}) // which are made when somebody asks first
	}
	if !reflect.DeepEqual(p.knows, p.source()) {
		p.hears(what, func(known push.States) bool { return reflect.DeepEqual(known, p.source()) })
	}
	for account, states := range p.knows {
		for typ, state := range states {
			if typ == "Session" || typ == "EmailDelivery" { // without methods
				continue
			}
			var got struct{ State string }
			if p.ask(typ+"/get", jmapclient.Args{"accountId": account, "ids": []string{}}, &got); got.State != state {
				p.t.Errorf("%s: %s of %s is told as %s, and is %s", what, typ, account, state, got.State)
			}
		}
	}
}

// letterBySMTP comes from outside.
func (w *woken) letterBySMTP(s *serving, to account.Account) {
	w.t.Helper()
	c, err := smtp.Dial(s.at("smtp"))
	w.must(err)
	defer c.Close()
	w.must(c.SendMail("ward@hospital.test", []string{to.Address.String()}, strings.NewReader("From: ward@hospital.test\r\nSubject: Amoxicillin\r\n\r\nTwo tablets.\r\n")))
}

func (p *phone) emailState(account string) string {
	p.t.Helper()
	var got struct{ State string }
	p.ask("Email/get", jmapclient.Args{"accountId": account, "ids": []string{}}, &got)
	return got.State
}

func TestRFC8620_7_2_APhoneIsWoken(t *testing.T) {
	t.Parallel()
	w := newWoken(t)
	s, _ := w.serves()
	p := w.phone(s, "/phone", jmapclient.Basic(w.who.Address.String(), w.password))
	if key := string(p.Session.Capabilities["urn:ietf:params:jmap:webpush-vapid"]); !strings.Contains(key, w.h.vapid.PublicKey()) {
		t.Errorf("the key to subscribe with is %s", key)
	}
	own, shop := p.Session.Own(), jmap.Account{ID: w.box.ID}.JMAP()
	p.subscribes()
	p.hears("how things stand", func(push.States) bool { return true })
	p.agrees("at first")

	for to, of := range map[string]account.Account{own: w.who, shop: w.box} {
		before := p.knows[to]["Email"]
		w.letterBySMTP(s, of)
		want := p.emailState(to)
		p.hears("a letter", func(known push.States) bool { return known[to]["Email"] == want })
		if want == before {
			t.Error("a letter changes no state")
		}
	}
	var found struct {
		List []struct{ ThreadID string }
	}
	r, err := p.Call(t.Context(), jmapclient.Call{Name: "Email/query", Args: jmapclient.Args{"accountId": shop}, ID: "q"},
		jmapclient.Call{Name: "Email/get", Args: jmapclient.Args{"accountId": shop, "#ids": jmapclient.Ref("q", "Email/query", "/ids"), "properties": []string{"threadId"}}})
	w.must(err)
	w.must(r.Answers[1].Into(&found))
	work := p.knows[shop]["WorkItem"]
	p.ask("WorkItem/set", jmapclient.Args{"accountId": shop, "update": jmapclient.Args{found.List[0].ThreadID: jmapclient.Args{"status": "handled"}}}, &struct{}{})
	p.hears("who handles it", func(known push.States) bool { return known[shop]["WorkItem"] != work })
	presence := p.knows[shop]["WorkPresence"]
	p.ask("WorkPresence/set", jmapclient.Args{"accountId": shop, "create": jmapclient.Args{"k": jmapclient.Args{"threadId": found.List[0].ThreadID, "doing": "viewing"}}}, &struct{}{})
	p.hears("who is there", func(known push.States) bool { return known[shop]["WorkPresence"] != presence })
	replies := p.knows[own]["VacationResponse"]
	p.ask("VacationResponse/set", jmapclient.Args{"accountId": own, "update": jmapclient.Args{"singleton": jmapclient.Args{"isEnabled": true, "textBody": "Away."}}}, &struct{}{})
	p.hears("an automatic reply", func(known push.States) bool { return known[own]["VacationResponse"] != replies })
	p.agrees("at last")

	w.outside.Answer(webpushtest.Code(http.StatusFound, "Location", w.outside.URL("/inside")))
	w.letterBySMTP(s, w.who)
	var c struct{ Changed push.States }
	w.next("/phone", &c)
	if line := w.log.await(t, "push: not taken", nil); !strings.Contains(line, "outcome=failed code=302") || strings.Contains(line, "/inside") {
		t.Errorf("the log says %s", line)
	}
	if n := len(w.outside.Pushes); n != 0 {
		t.Errorf("a redirect was followed: %d requests", n)
	}
}

// Who gets a mailbox, or loses one, is told so as soon as that can be told.
func TestRFC8620_7_2_AccessChanges(t *testing.T) {
	t.Parallel()
	w := newWoken(t)
	s, _ := w.serves()
	const password = "violet kettle tramway"
	ben, err := w.h.accounts.CreatePersonal(t.Context(), jmapActor, account.NewPersonal{First: "Ben", Last: "Okafor", State: account.Active, Password: password})
	w.must(err)
	p := w.phone(s, "/ben", jmapclient.Basic(ben.Address.String(), password))
	p.subscribes()
	p.hears("how things stand", func(push.States) bool { return true })
	own, shop := p.Session.Own(), jmap.Account{ID: w.box.ID}.JMAP()
	session := func() string {
		r, err := p.Call(t.Context(), jmapclient.Call{Name: "Core/echo"})
		w.must(err)
		return r.State
	}
	w.must(w.h.shared.AddMember(t.Context(), jmapActor, w.box.No, sharedmailbox.Grant{Person: ben.No, Rights: haven.Member}))
	p.hears("a mailbox more", func(known push.States) bool { return known[own]["Session"] == session() && known[shop] != nil })
	p.agrees("with a mailbox more")
	w.must(w.h.shared.RemoveMember(t.Context(), jmapActor, w.box.No, ben.No))
	p.hears("a mailbox less", func(known push.States) bool { return known[own]["Session"] == session() })
	delete(p.knows, shop)
	p.agrees("with a mailbox less")
	w.letterBySMTP(s, w.box)
	w.letterBySMTP(s, ben)
	want := p.emailState(own)
	shops := p.knows[shop]
	p.hears("a letter of his own", func(known push.States) bool { return known[own]["Email"] == want })
	if shops != nil || p.knows[shop] != nil {
		t.Errorf("told of a mailbox that he left: %v", p.knows[shop])
	}
}

// What was subscribed on the pages ends with the log out, and what a program subscribed goes on.
func TestRFC8620_7_2_LogOutEndsASubscription(t *testing.T) {
	t.Parallel()
	w := newWoken(t)
	s, _ := w.serves()
	token, ses := w.signIn()
	page := w.phone(s, "/browser", http.Header{"Cookie": {"haven-session=" + string(token)}, "Origin": {"http://" + s.at("http")}})
	page.subscribes()
	page.hears("how things stand", func(push.States) bool { return true })
	program := w.phone(s, "/phone", jmapclient.Basic(w.who.Address.String(), w.password))
	program.subscribes()
	program.hears("how things stand", func(push.States) bool { return true })
	var got struct {
		List     []struct{ ID, URL, Keys string }
		NotFound []string
	}
	for own, other := range map[*phone]*phone{page: program, program: page} {
		own.ask("PushSubscription/get", jmapclient.Args{"ids": []string{own.id, other.id}}, &got)
		if len(got.List) != 1 || got.List[0].ID != own.id || got.List[0].URL+got.List[0].Keys != "" || len(got.NotFound) != 1 {
			t.Errorf("%s sees %+v", own.path, got)
		}
		var out struct {
			NotDestroyed map[string]struct{ Type string }
		}
		if own.ask("PushSubscription/set", jmapclient.Args{"destroy": []string{other.id}}, &out); out.NotDestroyed[other.id].Type != "notFound" {
			t.Errorf("%s ends another's: %+v", own.path, out)
		}
	}
	w.must(w.h.sessions.Close(t.Context(), token, ses.Actor()))
	if n := w.rows(); n != 1 {
		t.Errorf("%d subscriptions after the log out", n)
	}
	w.letterBySMTP(s, w.who)
	want := program.emailState(program.Session.Own())
	program.hears("a letter", func(known push.States) bool { return known[program.Session.Own()]["Email"] == want })
}

// Of two processes on one database one pushes, whichever the device spoke to and whichever a letter came to; when that one ends, the other goes on.
func TestRFC8620_7_2_WokenByEitherProcess(t *testing.T) {
	t.Parallel()
	server, err := dbtest.StartServer()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	home := t.TempDir()
	shared := []string{fmt.Sprintf("database: url = %q", server.URL), fmt.Sprintf("database: packs = %q", filepath.Join(home, "packs")), fmt.Sprintf("database: master_key = %q", filepath.Join(home, "master.key"))}
	w := newWokenIn(t, install(t, shared...))
	first, stop := w.serves()
	w.opens(install(t, shared...).founded())
	second, _ := w.serves()
	all := map[string]*phone{}
	for path, s := range map[string]*serving{"/first": first, "/second": second} {
		p := w.phone(s, path, jmapclient.Basic(w.who.Address.String(), w.password))
		p.subscribes()
		p.hears("how things stand", func(push.States) bool { return true })
		all[path] = p
	}
	if one, other := first.pushes.Watched(), second.pushes.Watched(); one != 2 || other != 0 {
		t.Errorf("%d and %d subscriptions are watched", one, other)
	}
	all["/first"].ends()
	p := all["/second"]
	own := p.Session.Own()
	for name, s := range map[string]*serving{"first": first, "second": second} {
		w.letterBySMTP(s, w.who)
		want := p.emailState(own)
		p.hears("a letter at the "+name, func(known push.States) bool { return known[own]["Email"] == want })
	}
	w.must(stop())
	w.must(first.h.close())
	w.letterBySMTP(second, w.who)
	want := p.emailState(own)
	p.hears("a letter after the first has ended", func(known push.States) bool { return known[own]["Email"] == want })
}

// ends has the program end its subscription.
func (p *phone) ends() {
	p.t.Helper()
	var out struct{ Destroyed []string }
	if p.ask("PushSubscription/set", jmapclient.Args{"destroy": []string{p.id}}, &out); len(out.Destroyed) != 1 {
		p.t.Fatalf("the subscription %s is not destroyed", p.id)
	}
}

// Where the policy lets nobody subscribe, programs are told that there is nothing to subscribe to.
func TestRFC8620_7_2_SwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWoken(t)
	w.h.conf.Policy.Push.Subscriptions = 0
	s, _ := w.serves()
	p := w.phone(s, "/phone", jmapclient.Basic(w.who.Address.String(), w.password))
	if _, there := p.Session.Capabilities["urn:ietf:params:jmap:webpush-vapid"]; there || s.pushes != nil {
		t.Error("somebody can subscribe")
	}
	r, err := p.Call(t.Context(), jmapclient.Call{Name: "PushSubscription/get"})
	if w.must(err); r.Answers[0].Error() != "unknownMethod" {
		t.Errorf("%s", r.Answers[0].Args)
	}
}
