package portal

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"haven"
	"haven/mail/handover"
	"haven/mail/mailbox"
	"haven/mail/vacation"
	"haven/people/account"
	"haven/people/activation"
	"haven/people/directory"
	"haven/people/form"
	"haven/people/helpdesk"
	"haven/people/leaver"
	"haven/people/legal"
	"haven/people/lockout"
	"haven/people/locum"
	"haven/people/notice"
	"haven/people/organisation"
	"haven/people/peopletest"
	"haven/people/profile"
	"haven/people/registration"
	requests "haven/people/request"
	"haven/people/reset"
	"haven/people/review"
	"haven/people/sharedmailbox"
	"haven/people/signature"
	"haven/people/texts"
	"haven/people/vouch"
	"haven/platform/audit"
	"haven/platform/blob"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/notify"
)

// stand is the pages over a house with people in it.
type stand struct {
	*peopletest.House
	t         *testing.T
	url       string
	passwords int // given out
	options   Options
	pages     *Server
	contacts  *account.Contacts
	mail      *mailbox.Service // holds what addMail files
	uncounted error            // what comes of looking for letters to hand over
	invites   []bool           // first passwords that were sent again; true: with the username
}

func options(h *peopletest.House, loopback bool) Options {
	return Options{Accounts: h.Accounts, Sessions: h.Sessions, Shared: h.Shared, Activation: h.Activation, SecondFactor: h.SecondFactor, Operators: h.Operators, Policy: h.Policy, Clock: h.Clock, Loopback: loopback}
}

func newStand(t *testing.T, h *peopletest.House, adjust ...func(*notify.Options, *Options)) *stand {
	t.Helper()
	s := &stand{House: h, t: t, options: options(h, true)}
	keys := h.Keyed()
	if err := h.DB.Migrate(t.Context(), append(peopletest.Schemas(), directory.Schema, form.Schema, legal.Schema, notify.Schema, reset.Schema, registration.Schema, helpdesk.Schema, locum.Schema, vouch.Schema, review.Schema, notice.Schema, texts.Schema, vacation.Schema, signature.Schema, blob.Schema, mailbox.Schema, handover.Schema)...); err != nil {
		t.Fatal(err)
	}
	contacts, err := account.OpenContacts(t.Context(), h.DB, keys, h.Clock)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := keys.Sealer(t.Context(), "notify.seal")
	if err != nil {
		t.Fatal(err)
	}
	s.contacts = contacts
	o := notify.Options{DB: h.DB, Sealer: sealer, Clock: h.Clock, Policy: h.Policy.Notify, ShowSecrets: true}
	for _, a := range adjust {
		a(&o, &s.options)
	}
	s.options.Notices = notify.New(o)
	s.options.Reset = s.resetOf(s.options.Notices)
	s.options.Lockout = lockout.New(lockout.Options{DB: h.DB, Accounts: h.Accounts, Contacts: contacts, Notices: told{s.options.Notices}, Passkeys: h.SecondFactor, Key: []byte("a key of this test"), Clock: h.Clock, Policy: h.Policy.Lockout})
	s.options.Places = h.Places
	s.options.Profiles = profile.New(profile.Options{DB: h.DB, Accounts: h.Accounts, Contacts: contacts, Places: h.Places, Owns: sharedmailbox.OwnsIn, Keys: h.Seals, Notices: told{s.options.Notices}, Policy: h.Policy, Clock: h.Clock})
	s.options.Forms = form.New(form.Options{DB: h.DB, Keys: h.Seals, Clock: h.Clock, Policy: h.Policy.Session})
	s.options.Directory = directory.New(directory.Options{DB: h.DB, Profiles: s.options.Profiles, Policy: h.Policy.Directory, Clock: h.Clock})
	s.options.Requests = requests.New(requests.Options{DB: h.DB, Accounts: h.Accounts, Profiles: s.options.Profiles, Places: h.Places, Shared: h.Shared, Notices: told{s.options.Notices}, Policy: h.Policy, Clock: h.Clock})
	s.options.Leavers = leaver.New(leaver.Options{DB: h.DB, Accounts: h.Accounts, Contacts: contacts, Places: h.Places, Shared: h.Shared, Notices: told{s.options.Notices}, Policy: h.Policy, Clock: h.Clock})
	s.options.Registration = s.registrationOf(keys)
	s.options.Helpdesk = helpdesk.New(helpdesk.Options{DB: h.DB, Places: h.Places, Shared: h.Shared, Contacts: contacts, Notices: told{s.options.Notices}, Sealer: sealer, Clock: h.Clock})
	s.options.Texts = texts.New(texts.Options{DB: h.DB, Operators: h.Operators, Clock: h.Clock, Policy: h.Policy.Operator})
	s.options.StatusNotices = notice.New(notice.Options{DB: h.DB, Operators: s.options.Operators, Clock: h.Clock, Policy: h.Policy.Operator})
	s.operator(h.Person("Tess", "Okafor"))
	s.options.Hours = h.Hours
	s.options.Legal = legal.New(legal.Options{DB: h.DB, Shared: h.Shared, Policy: h.Policy.Organisation, Clock: h.Clock})
	s.options.Locum = locum.New(locum.Options{DB: h.DB, Access: h.Access, Shared: h.Shared, Notices: told{s.options.Notices}, Policy: h.Policy.Locum, Clock: h.Clock})
	s.options.Vouch = vouch.New(vouch.Options{DB: h.DB, Accounts: h.Accounts, Access: h.Access, Contacts: contacts, Shared: h.Shared, Factors: h.SecondFactor, Questions: h.Activation.Asked,
		Operator: h.Operators.Has, Temporary: func() (string, error) { return activation.TemporaryPassword(h.Policy.Password) }, Notices: told{s.options.Notices}, Policy: h.Policy, Clock: h.Clock})
	s.options.Review = review.New(review.Options{DB: h.DB, Access: h.Access, Shared: h.Shared, Policy: h.Policy.Shared, Clock: h.Clock})
	s.options.Vacation = vacation.New(vacation.Options{DB: h.DB, Access: h.Access, Owners: owning{h.Shared}, Keys: keys, Sealer: sealer, Policy: h.Policy.Vacation, Clock: h.Clock})
	s.mail = s.mailOf(keys)
	s.options.Handover = handover.New(handover.Options{DB: h.DB, Mail: s.mail, People: insiders{s.options.Leavers, s}, Policy: h.Policy, Clock: h.Clock})
	s.options.Signatures = signature.New(signature.Options{DB: h.DB, Access: h.Access, Shared: h.Shared, Keys: h.Seals, Job: s.options.Profiles.Job, Policy: h.Policy.Signature, Clock: h.Clock})
	s.options.Audit = func(ctx context.Context, id haven.AccountID, before audit.Place, most int) ([]audit.Found, error) {
		return audit.Newest(ctx, h.DB, audit.Filter{Concerns: id}, before, most)
	}
	s.pages = New(s.options)
	srv := httptest.NewServer(s.pages)
	t.Cleanup(func() {
		srv.Close()
		s.pages.Close()
	})
	s.url = srv.URL
	return s
}

// insiders answers handover who belongs to a premises, where that can be found.
type insiders struct {
	handover.People
	s *stand
}

func (i insiders) Inside(ctx context.Context, mailbox haven.AccountNo, all []haven.Address) (map[string]bool, error) {
	if i.s.uncounted != nil {
		return nil, i.s.uncounted
	}
	return i.People.Inside(ctx, mailbox, all)
}

// owning answers vacation who acts as an owner.
type owning struct{ shared *sharedmailbox.Service }

func (o owning) OwnIn(tx *db.Tx, actor haven.Actor, mailbox haven.AccountNo, forSafety bool) (err error) {
	if forSafety {
		_, err = o.shared.ManageForSafetyIn(tx, actor, mailbox)
	} else {
		_, err = o.shared.ManageIn(tx, actor, mailbox)
	}
	return err
}

// operator gives a person the role.
func (s *stand) operator(who account.Account) {
	s.t.Helper()
	if _, err := s.options.Operators.Add(s.t.Context(), peopletest.Operator, who.No); err != nil {
		s.t.Fatal(err)
	}
}

// browser is one browser: it keeps cookies, and what the last page said.
type browser struct {
	*stand
	client *http.Client
	agent  string
	sends  http.Header // of each request, besides
	code   int
	at     string // path of the last page
	text   string
	header http.Header
}

func (s *stand) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{stand: s, client: &http.Client{Jar: jar}, agent: "Firefox/140.0"}
}

func (b *browser) do(r *http.Request, err error) *browser {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	maps.Copy(r.Header, b.sends)
	r.Header.Set("User-Agent", b.agent)
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.code, b.at, b.text, b.header = resp.StatusCode, resp.Request.URL.Path, string(text), resp.Header
	return b
}

func (b *browser) get(path string) *browser {
	b.t.Helper()
	return b.do(http.NewRequest(http.MethodGet, b.url+path, nil))
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(form|whose)" value="([^"]*)"/?>`)

// send posts a form with what the last page hid in its forms.
func (b *browser) send(path string, fields ...string) *browser {
	b.t.Helper()
	v := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(b.text, -1) {
		v.Set(m[1], m[2])
	}
	given := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		given.Add(fields[i], fields[i+1])
	}
	maps.Copy(v, given)
	return b.post(path, v)
}

// but are fields as send takes them, of which one says something else.
func but(fields []string, name, value string) []string {
	changed := slices.Clone(fields)
	for i := 0; i+1 < len(changed); i += 2 {
		if changed[i] == name {
			changed[i+1] = value
		}
	}
	return changed
}

func (b *browser) post(path string, v url.Values) *browser {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.url+path, strings.NewReader(v.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.do(r, err)
}

func (b *browser) want(code int, path, holds string) *browser {
	b.t.Helper()
	if b.code != code || b.at != path || !strings.Contains(b.text, holds) {
		b.t.Fatalf("%d at %s, want %d at %s with %q:\n%s", b.code, b.at, code, path, holds, b.text)
	}
	return b
}

func (b *browser) logIn(p account.Account, password string) *browser {
	b.t.Helper()
	return b.get("/log-in").send("/log-in", "user", p.Address.String(), "password", password)
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		h.Member(box, ben)

		b := s.browser()
		b.get("/mailboxes").want(200, "/log-in", "Is this a shared computer?")
		b.send("/log-in").want(422, "/log-in", "Enter your address")
		b.send("/log-in", "user", aisha.Address.String(), "password", "wrong").want(422, "/log-in", "The user name or the password is wrong.")
		known := b.text
		b.send("/log-in", "user", "nobody.here@"+peopletest.Domain, "password", "wrong").want(422, "/log-in", "wrong")
		same := func(s string) string {
			s = strings.ReplaceAll(s, aisha.Address.String(), "X")
			return strings.ReplaceAll(s, "nobody.here@"+peopletest.Domain, "X")
		}
		if same(known) != same(b.text) {
			t.Error("the page tells who has an account")
		}
		b.send("/log-in", "user", box.Address.String(), "password", peopletest.Password).want(422, "/log-in", "wrong")
		b.send("/log-in", "user", ben.Address.String(), "password", peopletest.Password).want(200, "/mailboxes", "Logged in as <strong>Ben Whitlock</strong>")
		if !strings.Contains(b.text, box.Address.String()) || !strings.Contains(b.text, "You read and answer") {
			t.Errorf("Ben sees %s", b.text)
		}
		b.get("/").want(200, "/mailboxes", "My mailboxes")
		b.get("/switch").send("/log-out", "next", "/log-in").want(200, "/log-in", "Log in")
		b.get("/mailboxes").want(200, "/log-in", "Log in")
	})
}

func TestNext(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		for next, want := range map[string]string{
			"/account": "/account", "/account?x=1": "/account", "//evil.example/": "/mailboxes", "https://evil.example/": "/mailboxes",
			"/\\evil.example": "/mailboxes", "\\\\evil.example": "/mailboxes", "javascript:alert(1)": "/mailboxes", "": "/mailboxes", "account": "/mailboxes",
		} {
			b := s.browser()
			b.get("/log-in?next="+url.QueryEscape(next)).send("/log-in", "next", next, "user", aisha.Address.String(), "password", peopletest.Password).want(200, want, "Aisha Rahman")
		}
	})
}

// A form does something only from the page that this browser was given, for the person who is logged in now.
func TestForms(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/password")
		page := b.text

		other := s.browser().logIn(aisha, peopletest.Password)
		other.text = page // a token of another browser
		other.send("/account/password", "password", peopletest.Password).want(409, "/account/password", "form.old")

		b.text = page
		b.post("/account/password", url.Values{"whose": {aisha.ID.String()}}).want(409, "/account/password", "form.old")
		b.post("/account/password", url.Values{"form": {"x"}, "whose": {aisha.ID.String()}}).want(409, "/account/password", "form.old")

		b.get("/switch").send("/log-out", "next", "/log-in")
		b.send("/log-in", "user", ben.Address.String(), "password", peopletest.Password).want(200, "/mailboxes", "Ben Whitlock")
		b.text = page // Aisha's tab
		b.send("/account/password", "password", peopletest.Password, "new", "quiet amber lantern", "again", "quiet amber lantern").
			want(409, "/account/password", "Ben Whitlock has logged in on this computer")

		r, err := http.NewRequest(http.MethodPost, s.url+"/log-out", strings.NewReader(""))
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		b.do(r, err).want(409, "/log-out", "")
		b.get("/mailboxes").want(200, "/mailboxes", "Ben Whitlock")
		b.post("/log-in", url.Values{"user": {strings.Repeat("a", maxForm)}}).want(400, "/log-in", "form.broken")
	})
}

func TestLock(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha, ben := h.Person("Aisha", "Rahman"), h.Person("Ben", "Whitlock")
		box := h.Pharmacy("FX002", aisha)
		b := s.browser().logIn(aisha, peopletest.Password).want(200, "/mailboxes", box.Address.String())
		h.Clock.Advance(h.Policy.Session.IdleShared)
		b.get("/account/sessions").want(200, "/account/sessions", "This page is locked")
		if strings.Contains(b.text, "Firefox") {
			t.Error("a locked page shows what it held")
		}
		b.send("/unlock", "password", "wrong").want(422, "/unlock", "wrong")
		b.send("/unlock", "next", "/account/sessions", "password", peopletest.Password).want(200, "/account/sessions", "Firefox")

		h.Clock.Advance(h.Policy.Session.IdleShared)
		b.get("/mailboxes").want(200, "/mailboxes", "This page is locked")
		b.send("/account/sessions/end-others").want(200, "/account/sessions/end-others", "This page is locked")
		b.get("/switch").send("/log-out", "next", "/log-in")
		b.send("/log-in", "user", ben.Address.String(), "password", peopletest.Password).want(200, "/mailboxes", "Ben Whitlock")
	})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	const fresh = "quiet amber lantern"
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		elsewhere := s.browser().logIn(aisha, peopletest.Password)
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/password").send("/account/password").want(422, "/account/password", "Enter the password that you have now")
		b.send("/account/password", "password", peopletest.Password, "new", fresh, "again", fresh+"s").want(422, "/account/password", "are not the same")
		b.send("/account/password", "password", "wrong", "new", fresh, "again", fresh).want(422, "/account/password", "wrong")
		b.send("/account/password", "password", peopletest.Password, "new", "short", "again", "short").want(422, "/account/password", "characters")
		b.send("/account/password", "password", peopletest.Password, "new", fresh, "again", fresh).want(200, "/account/password", "Your password is changed")
		b.get("/mailboxes").want(200, "/mailboxes", "Aisha Rahman")
		elsewhere.get("/mailboxes").want(200, "/log-in", "Log in")

		if err := h.Accounts.SetPassword(t.Context(), peopletest.Operator, aisha.No, "violet kettle harbour 3", true); err != nil {
			t.Fatal(err)
		}
		b.get("/log-in").send("/log-in", "user", aisha.Address.String(), "password", "violet kettle harbour 3").want(200, "/account/password", "was given to you by somebody else")
		b.get("/mailboxes").want(200, "/account/password", "Choose a new password")
	})
}

func TestSessions(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		aisha := h.Person("Aisha", "Rahman")
		first := s.browser()
		first.agent = "iPhone Safari/600"
		first.logIn(aisha, peopletest.Password)
		b := s.browser().logIn(aisha, peopletest.Password)
		b.get("/account/sessions").want(200, "/account/sessions", "Safari on an iPhone")
		id := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(b.text)
		if len(id) != 2 {
			t.Fatal(b.text)
		}
		b.send("/account/sessions/end", "id", id[1]).want(200, "/account/sessions", "This browser")
		first.get("/mailboxes").want(200, "/log-in", "Log in")
		b.send("/account/sessions/end", "id", "x").want(404, "/account/sessions/end", "There is nothing here")
	})
}

// Every page says what the browser may do with it.
func TestHeaders(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		for _, path := range []string{"/", "/log-in", "/nowhere", "/about/privacy", "/about/nothing", "/account"} {
			b := s.browser().get(path)
			for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"} {
				if got := b.header.Get(name); !strings.HasPrefix(got, want) {
					t.Errorf("%s: %s is %q", path, name, got)
				}
			}
			if strings.Contains(b.text, "style=") || regexp.MustCompile(`<script[^>]*>[^<]`).MatchString(b.text) {
				t.Errorf("%s holds a style or a script that its own policy forbids", path)
			}
		}
		b := s.browser().get("/")
		asset := regexp.MustCompile(`/assets/haven\.css\?v=[0-9a-f]+`).FindString(b.text)
		b.get(asset)
		if b.code != 200 || !strings.Contains(b.header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(b.header.Get("Content-Type"), "text/css") {
			t.Errorf("%s: %d, %v", asset, b.code, b.header)
		}
		b.get("/assets/../portal.go")
		if b.code != 404 {
			t.Errorf("a file outside the assets: %d", b.code)
		}
	})
}

func TestCookies(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		for _, loopback := range []bool{false, true} {
			w := httptest.NewRecorder()
			o := s.options
			o.Loopback = loopback
			New(o).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/log-in", nil))
			c := w.Result().Cookies()
			if len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode || c[0].Secure == loopback || strings.HasPrefix(c[0].Name, "__Host-") == loopback {
				t.Errorf("loopback %t: %v", loopback, c)
			}
			if hsts := w.Header().Get("Strict-Transport-Security"); (hsts == "") != loopback {
				t.Errorf("loopback %t: HSTS %q", loopback, hsts)
			}
		}
	})
}

// everybody is who may come: nobody, somebody whose session is locked, somebody who has to change the password, somebody who has nothing to do
// with the mailbox that the page is about, one of its members, one of its owners, an operator, who is a stranger to the mailbox.
var everybody = []string{"nobody", "locked", "changing", "stranger", "member", "owner", "operator"}

// may is what becomes of a request by each of everybody: "in" is to the log in, "lock" the locked page, "change" the page of the password,
// "none" is not found, "no" is refused, "ok" the page itself.
var (
	anyone    = row("ok", "lock", "ok", "ok", "ok", "ok", "ok")
	always    = row("ok", "ok", "ok", "ok", "ok", "ok", "ok")
	own       = row("in", "lock", "change", "ok", "ok", "ok", "ok")
	ownFirst  = row("in", "lock", "ok", "ok", "ok", "ok", "ok")
	whoever   = row("in", "ok", "ok", "ok", "ok", "ok", "ok")
	members   = row("in", "lock", "change", "none", "ok", "ok", "none")
	nothing   = row("in", "lock", "change", "none", "none", "none", "none") // of an id that names nothing
	owners    = row("in", "lock", "change", "none", "no", "ok", "none")
	operators = row("in", "lock", "change", "none", "none", "none", "ok")
)

func row(cells ...string) []string { return cells }

var may = map[string][]string{
	"GET /{$}":                                  anyone,
	"GET /log-in":                               anyone,
	"POST /log-in":                              always,
	"POST /log-out":                             always,
	"GET /switch":                               whoever,
	"POST /unlock":                              whoever,
	"POST /lock":                                whoever,
	"POST /forms/drop":                          own,
	"GET /prove":                                own,
	"POST /prove":                               own,
	"GET /mailboxes":                            own,
	"GET /account":                              own,
	"GET /directory":                            own,
	"GET /directory/{id}":                       own,
	"GET /mailbox/{id}/about":                   owners,
	"POST /mailbox/{id}/about":                  owners,
	"GET /mailbox/{id}/legal":                   owners,
	"GET /mailbox/{id}/legal/particulars":       owners,
	"POST /mailbox/{id}/legal/particulars":      owners,
	"GET /mailbox/{id}/reading":                 owners,
	"POST /mailbox/{id}/reading":                owners,
	"GET /account/posts/{org}/leave":            nothing,
	"GET /account/posts/{org}/dispute":          nothing,
	"POST /account/posts/{org}/dispute":         nothing,
	"POST /account/posts/{org}/leave":           nothing,
	"GET /mailbox/{id}/member/{person}/left":    row("in", "lock", "change", "none", "no", "none", "none"), // who holds no post
	"POST /mailbox/{id}/member/{person}/left":   row("in", "lock", "change", "none", "no", "none", "none"),
	"GET /account/telephone":                    own,
	"GET /account/about":                        own,
	"POST /account/about":                       own,
	"POST /account/telephone":                   own,
	"GET /account/mobile":                       own,
	"POST /account/mobile":                      own,
	"GET /account/mobile/code":                  own,
	"POST /account/mobile/code":                 own,
	"POST /account/mobile/again":                own,
	"GET /account/mobile/remove":                own,
	"GET /account/mobile/shown":                 own,
	"POST /account/mobile/shown":                own,
	"GET /account/email":                        own,
	"POST /account/email":                       own,
	"GET /account/email/code":                   own,
	"POST /account/email/code":                  own,
	"POST /account/email/again":                 own,
	"GET /account/questions":                    own,
	"POST /account/questions":                   own,
	"POST /account/mobile/remove":               own,
	"GET /account/name":                         own,
	"POST /account/name":                        own,
	"GET /account/job":                          own,
	"POST /account/job":                         own,
	"POST /account/withdraw":                    nothing,
	"GET /requests":                             own,
	"GET /requests/{id}":                        nothing,
	"POST /requests/{id}":                       nothing,
	"GET /account/password":                     ownFirst,
	"POST /account/password":                    ownFirst,
	"GET /account/sessions":                     own,
	"POST /account/sessions/end":                own,
	"POST /account/sessions/end-others":         own,
	"GET /log-in/code":                          ownFirst,
	"POST /log-in/code":                         ownFirst,
	"GET /account/second-step":                  own,
	"GET /account/second-step/required":         own,
	"POST /account/second-step/begin":           own,
	"GET /account/second-step/confirm":          own,
	"POST /account/second-step/confirm":         own,
	"POST /account/second-step/codes":           nothing,
	"GET /account/second-step/passkey":          own,
	"POST /account/second-step/passkey":         own,
	"POST /account/second-step/passkey/remove":  nothing,
	"POST /account/second-step/remove":          nothing,
	"GET /register":                             anyone,
	"GET /register/{code}":                      anyone,
	"POST /register/{code}":                     anyone,
	"GET /register/{code}/approval":             anyone,
	"POST /register/{code}/approval":            anyone,
	"GET /register/passcode":                    anyone,
	"POST /register/passcode":                   anyone,
	"POST /register/passcode/again":             anyone,
	"GET /register/people":                      anyone, // without an application of this browser all of these lead to the passcode
	"POST /register/people":                     anyone,
	"GET /register/person":                      anyone,
	"POST /register/person":                     anyone,
	"POST /register/person/drop":                anyone,
	"GET /register/check":                       anyone,
	"POST /register/submit":                     anyone,
	"GET /register/where":                       anyone,
	"GET /not-us/{token}":                       always,
	"POST /not-us/{token}":                      row("none", "none", "none", "none", "none", "none", "none"), // of a link that is none
	"GET /not-me/{token}":                       always,
	"POST /not-me/{token}":                      row("none", "none", "none", "none", "none", "none", "none"),
	"POST /named/confirm":                       nothing,
	"POST /named/decline":                       nothing,
	"GET /lost-details":                         anyone,
	"POST /lost-details":                        anyone,
	"GET /locked":                               anyone,
	"POST /locked":                              anyone,
	"POST /locked/code":                         anyone,
	"GET /forgotten-password":                   anyone,
	"POST /forgotten-password":                  anyone,
	"POST /forgotten-password/ways":             anyone,
	"POST /forgotten-password/reset":            anyone,
	"GET /reset/{link}":                         row("none", "lock", "none", "none", "none", "none", "none"), // of a link that is none
	"POST /reset/{link}":                        row("none", "lock", "none", "none", "none", "none", "none"),
	"GET /activate":                             anyone,
	"GET /activation":                           ownFirst,
	"GET /activation/policy":                    ownFirst,
	"POST /activation/policy":                   ownFirst,
	"GET /activation/password":                  row("in", "lock", "change", "change", "change", "change", "change"), // the present password is asked for
	"POST /activation/password":                 row("in", "lock", "change", "change", "change", "change", "change"),
	"GET /activation/questions":                 ownFirst,
	"POST /activation/questions":                ownFirst,
	"GET /activation/directory":                 ownFirst,
	"POST /activation/directory":                ownFirst,
	"GET /activation/done":                      ownFirst,
	"GET /account/programs":                     own,
	"GET /account/programs/new":                 own,
	"POST /account/programs/new":                own,
	"POST /account/programs/revoke":             nothing,
	"GET /account/lost":                         own,
	"POST /account/lost":                        own,
	"GET /account/data":                         own,
	"POST /account/data":                        own,
	"GET /account/history":                      own,
	"GET /mailbox/{id}/history":                 owners,
	"GET /demo/clock":                           row("none", "none", "none", "none", "none", "none", "none"), // of what is no demo
	"POST /demo/clock":                          row("none", "none", "none", "none", "none", "none", "none"),
	"GET /account/away":                         own,
	"POST /account/away":                        own,
	"POST /account/away/off":                    own,
	"GET /account/signature":                    own,
	"POST /account/signature":                   own,
	"GET /mailbox/{id}/away":                    owners,
	"POST /mailbox/{id}/away":                   owners,
	"POST /mailbox/{id}/away/off":               owners,
	"GET /mailbox/{id}/signature":               owners,
	"POST /mailbox/{id}/signature":              owners,
	"GET /account/locum":                        own,
	"POST /account/locum":                       own,
	"GET /mailbox/{id}/hours":                   owners,
	"POST /mailbox/{id}/hours":                  owners,
	"POST /mailbox/{id}/hours/different":        owners,
	"POST /mailbox/{id}/hours/usual":            owners,
	"GET /mailbox/{id}/locum":                   members,
	"POST /mailbox/{id}/locum":                  members,
	"POST /mailbox/{id}/locum/allow":            owners,
	"GET /mailbox/{id}/locum/give":              owners,
	"POST /mailbox/{id}/locum/give":             owners,
	"GET /mailbox/{id}/add/ask":                 owners,
	"POST /mailbox/{id}/add/ask":                owners,
	"GET /mailbox/{id}/locum/ask":               owners,
	"POST /mailbox/{id}/locum/ask":              owners,
	"GET /mailbox/{id}":                         members,
	"GET /mailbox/{id}/add":                     owners,
	"POST /mailbox/{id}/add":                    owners,
	"GET /mailbox/{id}/member/{person}":         owners,
	"POST /mailbox/{id}/member/{person}/rights": owners,
	"POST /mailbox/{id}/member/{person}/remove": owners,
	"POST /mailbox/{id}/member/{person}/invite": row("in", "lock", "change", "none", "no", "none", "none"),
	"GET /mailbox/{id}/member/{person}/reach":   row("in", "lock", "change", "none", "no", "none", "none"),
	"POST /mailbox/{id}/member/{person}/reach":  row("in", "lock", "change", "none", "no", "none", "none"),
	"GET /mailbox/{id}/member/{person}/vouch":   row("in", "lock", "change", "none", "no", "no", "none"), // an owner without a second step
	"POST /mailbox/{id}/member/{person}/vouch":  row("in", "lock", "change", "none", "no", "no", "none"),
	"GET /vouched/{link}":                       row("none", "none", "none", "none", "none", "none", "none"), // of a link that is none
	"POST /vouched/{link}":                      row("none", "none", "none", "none", "none", "none", "none"),
	"POST /account/vouched/again":               own,
	"GET /mailbox/{id}/review":                  owners,
	"POST /mailbox/{id}/review":                 owners,
	"GET /mailbox/{id}/handover":                members,
	"POST /mailbox/{id}/handover":               members,
	"GET /mailbox/{id}/leave":                   members,
	"POST /mailbox/{id}/leave":                  members,
	"GET /operator":                             operators,
	"GET /operator/calls":                       operators,
	"POST /operator/calls/close":                operators,
	"GET /operator/tasks":                       operators,
	"GET /operator/tasks/{kind}/{ref}/{place}":  nothing,
	"POST /operator/tasks/{kind}/{ref}/{place}": nothing,
	"GET /operator/requests":                    operators,
	"GET /operator/requests/{id}":               nothing,
	"POST /operator/requests/{id}":              nothing,
	"GET /operator/outbox":                      operators,
	"GET /operator/outbox/{id}":                 nothing,
	"GET /operator/notices":                     operators,
	"GET /operator/notices/new":                 operators,
	"POST /operator/notices/new":                operators,
	"POST /operator/notices/end":                operators,
	"GET /operator/texts":                       operators,
	"GET /operator/texts/{name}":                operators,
	"POST /operator/texts/{name}":               operators,
	"GET /operator/texts/{name}/{version}":      operators,
	"GET /outbox":                               row("none", "none", "none", "none", "none", "none", "none"), // open in a demo alone
	"GET /outbox/{id}":                          row("none", "none", "none", "none", "none", "none", "none"),
	"GET /status":                               anyone,
	"GET /help":                                 anyone,
	"GET /about/{text}":                         anyone,

	"GET /.well-known/autoconfig/mail/config-v1.1.xml": row("none", "none", "none", "none", "none", "none", "none"), // this stand serves no mail programs
	"GET /mail/config-v1.1.xml":                        row("none", "none", "none", "none", "none", "none", "none"),
}

// sent is what a form says, where it is about something that has to be there.
var sent = map[string][]string{
	"POST /account/sessions/end":                {"id", "1"},
	"POST /mailbox/{id}/member/{person}/rights": {"role", "member"},
}

// codeOf is the n-th ODS code of a made-up pharmacy.
func codeOf(n int) organisation.Code {
	return organisation.Code(fmt.Sprintf("F%c%03d", "ACDEFGH"[n/1000], n%1000))
}

// TestMay holds every route against everybody; a route without a row fails.
func TestMay(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, r := range routes {
		known[r.pattern] = true
		if may[r.pattern] == nil {
			t.Errorf("%s has no row: say who may come there", r.pattern)
		}
	}
	for pattern := range may {
		if !known[pattern] {
			t.Errorf("%s is no route any more", pattern)
		}
	}
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		s := newStand(t, h)
		for n, r := range routes {
			for i, who := range everybody {
				box := s.premises(codeOf(n*len(everybody) + i))
				if got := s.comes(box, who, r); got != may[r.pattern][i] {
					t.Errorf("%s, %s: %s, want %s\n", r.pattern, who, got, may[r.pattern][i])
				}
			}
		}
	})
}

// premises is a mailbox with somebody of each sort around it.
type premises struct {
	box, owner, member, third, stranger, operator account.Account
}

func (s *stand) premises(code organisation.Code) premises {
	s.t.Helper()
	p := premises{owner: s.Person("Olive", "Owens"), member: s.Person("Max", "Mead"), third: s.Person("Thea", "Thorne"), stranger: s.Person("Sam", "Strand"), operator: s.Person("Opal", "Orton")}
	s.operator(p.operator)
	p.box = s.Pharmacy(code, p.owner, p.third)
	s.Member(p.box, p.member)
	return p
}

// comes is what becomes of a request by somebody.
func (s *stand) comes(in premises, who string, r route) string {
	s.t.Helper()
	b := s.browser()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	b.get("/log-in")
	if who != "nobody" {
		p := map[string]account.Account{"owner": in.owner, "member": in.member, "stranger": in.stranger, "operator": in.operator, "locked": in.owner, "changing": in.owner}[who]
		b.send("/log-in", "user", p.Address.String(), "password", s.fresh(p, who == "changing"))
		b.get("/switch") // its form is this person's
	}
	if who == "locked" {
		s.Clock.Advance(s.Policy.Session.IdleShared)
	}
	method, path, _ := strings.Cut(r.pattern, " ")
	path = strings.NewReplacer("{$}", "", "{text}", "privacy", "{link}", "nothing", "{token}", "nothing", "{code}", "FX999", "{id}", in.box.ID.String(), "{person}", in.third.ID.String(), "{kind}", "1", "{ref}", "HV-7K4M-2Q9D", "{place}", "7", "{name}", "help", "{version}", "0").Replace(path)
	if method == http.MethodPost {
		b.send(path, append([]string{"id", "77", "place", "7", "ref", "HV-7K4M-2Q9D"}, sent[r.pattern]...)...)
	} else {
		b.get(path)
	}
	switch to := b.header.Get("Location"); {
	case strings.HasPrefix(to, "/log-in?"):
		return "in"
	case to == "/account/password" && !strings.HasSuffix(r.pattern, "/account/password"):
		return "change"
	case strings.Contains(b.text, "This page is locked") && !r.locked:
		return "lock"
	case strings.Contains(b.text, "There is nothing here"):
		return "none"
	case b.code == http.StatusForbidden:
		return "no"
	}
	return "ok"
}

// fresh gives a person a password that was never used before.
func (s *stand) fresh(p account.Account, temporary bool) string {
	s.t.Helper()
	s.passwords++
	pw := fmt.Sprintf("violet kettle harbour %d", s.passwords)
	if err := s.Accounts.SetPassword(s.t.Context(), peopletest.Operator, p.No, pw, temporary); err != nil {
		s.t.Fatal(err)
	}
	return pw
}

// Every kind of error has its code, heading and sentence.
func TestAnswersAreTotal(t *testing.T) {
	t.Parallel()
	for _, k := range errs.Kinds() {
		if a := answers[k]; a.code < 400 || a.heading == "" || otherwise[k] == "" {
			t.Errorf("%s: %+v %q", k, a, otherwise[k])
		}
	}
}
