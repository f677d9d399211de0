package jmap

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/face/jmap/jmapclient"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/push"
	"haven/platform/audit"
	"haven/platform/policy"
	"haven/platform/webpush/webpushtest"
)

// pushWorld is a world with a push service outside, which a device is subscribed at.
type pushWorld struct {
	*world
	outside *webpushtest.Service
	device  *webpushtest.Device
	sender  *push.Sender
	policy  policy.Push
}

const pushKey = "BPublicKey"

func newPushWorld(t *testing.T, change ...func(*policy.Push)) *pushWorld {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	for _, fn := range change {
		fn(&p.Push)
	}
	store := mailboxtest.New(t, "sqlite")
	if err := store.DB.Migrate(t.Context(), audit.Schema, push.Schema); err != nil {
		t.Fatal(err)
	}
	w := &pushWorld{outside: webpushtest.New(t), device: webpushtest.NewDevice(t), policy: p.Push}
	pushes := push.NewService(push.Options{DB: store.DB, Keys: store.Keys, Credentials: w, Accounts: w, Poster: w.outside.Client(t, store.Clock), Policy: p.Push, Clock: store.Clock})
	w.world = newWorldOver(t, store, func(o *Options) { o.Pushes, o.PushKey = pushes, pushKey })
	w.sender = push.NewSender(push.SenderOptions{Service: pushes, Hub: store.Hub, States: w})
	return w
}

func (w *pushWorld) sessionOf(of push.Holder) (s Session) {
	for name, no := range w.people.no {
		if no == of.Person {
			s = w.people.session(name, no)
		}
	}
	return s
}

// Holds is push.Credentials'.
func (w *pushWorld) Holds(ctx context.Context, _ push.Holder) error { return w.people.holds(ctx) }

// Accounts is push.Accounts'.
func (w *pushWorld) Accounts(ctx context.Context, of push.Holder) (all []haven.AccountNo, err error) {
	s := w.sessionOf(of)
	accounts, err := w.people.Accounts(ctx, &s)
	for _, a := range accounts {
		all = append(all, a.No)
	}
	return all, err
}

// States is push.Stater's.
func (w *pushWorld) States(ctx context.Context, of push.Holder, accounts []haven.AccountNo) (push.States, error) {
	s := w.sessionOf(of)
	return w.srv.StatesOf(ctx, &s, accounts)
}

// asks is what the device subscribes with; more replaces some of it, and nil takes away.
func (w *pushWorld) asks(more args) args {
	p256dh, auth := w.device.Keys()
	o := args{"deviceClientId": "phone", "url": w.outside.URL("/anna"), "keys": args{"p256dh": p256dh, "auth": auth}}
	for name, v := range more {
		if o[name] = v; v == nil {
			delete(o, name)
		}
	}
	return o
}

// subscription is a PushSubscription as it is given out.
type subscription struct {
	ID             string
	DeviceClientID string
	Code           *string `json:"verificationCode"`
	Expires        string
	Types          []string
	URL            any
	Keys           any
}

// pushed is the answer of a PushSubscription/set.
type pushed struct {
	AccountID, OldState, NewState any
	Created                       map[string]map[string]any
	Updated                       map[string]map[string]any
	Destroyed                     []string
	NotCreated                    map[string]setErrorJSON
	NotUpdated                    map[string]setErrorJSON
	NotDestroyed                  map[string]setErrorJSON
}

type setErrorJSON struct {
	Type        string
	Description string
	Properties  []string
}

// subscribe makes a subscription, and fails the test where that is refused.
func (w *pushWorld) subscribe(c *jmapclient.Client, more args) (id string, set map[string]any) {
	w.t.Helper()
	out := one[pushed](w.t, c, "PushSubscription/set", args{"create": args{"k": w.asks(more)}})
	if out.Created["k"] == nil {
		w.t.Fatalf("%+v", out.NotCreated)
	}
	return out.Created["k"]["id"].(string), out.Created["k"]
}

func (w *pushWorld) update(c *jmapclient.Client, id string, patch args) pushed {
	w.t.Helper()
	return one[pushed](w.t, c, "PushSubscription/set", args{"update": args{id: patch}})
}

func (w *pushWorld) list(c *jmapclient.Client, a args) (all []subscription, notFound []string) {
	w.t.Helper()
	var out struct {
		List      []subscription
		NotFound  []string
		AccountID any
		State     any
	}
	r := call1(w.t, c, jmapclient.Call{Name: "PushSubscription/get", Args: a})
	if err := r.Answers[0].Into(&out); err != nil || r.Answers[0].Error() != "" || out.AccountID != nil || out.State != nil {
		w.t.Fatalf("%s, %v", r.Answers[0].Args, err)
	}
	return out.List, out.NotFound
}

// arrives is what is pushed next, as the device reads it.
func (w *pushWorld) arrives(into any) {
	w.t.Helper()
	w.sender.Step(w.t.Context())
	select {
	case p := <-w.outside.Pushes:
		text, err := w.device.Open(p.Body)
		if err == nil {
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			err = d.Decode(into)
		}
		if err != nil {
			w.t.Fatalf("%s: %q, %v", p.Path, text, err)
		}
	default:
		w.t.Fatal("nothing is pushed")
	}
}

func (w *pushWorld) silent(when string) {
	w.t.Helper()
	w.Clock.Advance(w.policy.Every)
	w.sender.Step(w.t.Context())
	if n := len(w.outside.Pushes); n != 0 {
		w.t.Errorf("%s: %d messages", when, n)
	}
}

// code is the one that is pushed to a new subscription.
func (w *pushWorld) code(id string) string {
	w.t.Helper()
	var v struct {
		Type string `json:"@type"`
		ID   string `json:"pushSubscriptionId"`
		Code string `json:"verificationCode"`
	}
	if w.arrives(&v); v.Type != "PushVerification" || v.ID != id {
		w.t.Fatalf("%+v", v)
	}
	w.Clock.Advance(w.policy.Every)
	return v.Code
}

// told is the StateChange that is pushed.
func (w *pushWorld) told() map[string]map[string]string {
	w.t.Helper()
	var c struct {
		Type    string `json:"@type"`
		Changed map[string]map[string]string
	}
	if w.arrives(&c); c.Type != "StateChange" {
		w.t.Fatalf("%+v", c)
	}
	w.Clock.Advance(w.policy.Every)
	return c.Changed
}

func TestRFC8620_7_2_PushSubscription(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	c := w.as(anna)
	id, set := w.subscribe(c, nil)
	longest := date(w.Clock.Now().Add(w.policy.Longest))
	if want := (map[string]any{"id": id, "expires": longest, "types": nil, "verificationCode": nil}); !reflect.DeepEqual(set, want) {
		t.Errorf("%v, want %v", set, want)
	}
	all, _ := w.list(c, args{})
	if len(all) != 1 || !reflect.DeepEqual(all[0], subscription{ID: id, DeviceClientID: "phone", Expires: longest}) {
		t.Errorf("%+v", all)
	}
	code := w.code(id)
	w.put(anna, "before the code came back")
	w.silent("before the code came back")
	for _, wrong := range []any{"", "x", code + "x", strings.ToLower(code), 7} {
		if e := w.update(c, id, args{"verificationCode": wrong}).NotUpdated[id]; e.Type != "invalidProperties" || !slices.Equal(e.Properties, []string{"verificationCode"}) || strings.Contains(e.Description, code) {
			t.Errorf("%v: %+v", wrong, e)
		}
	}
	w.silent("after wrong codes")
	out := w.update(c, id, args{"verificationCode": code})
	if set, ok := out.Updated[id]; !ok || set != nil || out.AccountID != nil || out.OldState != nil || out.NewState != nil {
		t.Errorf("%+v", out)
	}
	if all, _ := w.list(c, args{}); len(all) != 1 || all[0].Code == nil || *all[0].Code != code {
		t.Errorf("%+v", all)
	}
	if e := w.update(c, id, args{"verificationCode": nil}).NotUpdated[id]; e.Type != "invalidProperties" {
		t.Errorf("what is proven is proven: %+v", e)
	}
	first := w.told()
	state := one[got](t, c, "Thing/get", args{"accountId": w.account(anna)}).State
	if len(first) != 3 || first[w.account(anna)]["Thing"] != state || first[w.account(anna)]["Session"] != call1(t, c, jmapclient.Call{Name: "Core/echo"}).State {
		t.Errorf("told %v", first)
	}
	w.put(pharmacy, "a letter")
	if ch := w.told(); !reflect.DeepEqual(ch, map[string]map[string]string{w.account(pharmacy): {"Thing": one[got](t, c, "Thing/get", args{"accountId": w.account(pharmacy)}).State}}) {
		t.Errorf("told %v", ch)
	}
	w.grant(anna, archive, 0) // a mailbox that she may not open any more
	if ch := w.told(); len(ch) != 1 || ch[w.account(anna)]["Session"] != call1(t, c, jmapclient.Call{Name: "Core/echo"}).State {
		t.Errorf("told %v", ch)
	}
	w.grant(anna, archive, haven.Read)
	if ch := w.told(); len(ch) != 2 || ch[w.account(archive)]["Thing"] != "0" {
		t.Errorf("told %v", ch)
	}
	if out := one[pushed](t, c, "PushSubscription/set", args{"destroy": []string{id}}); !slices.Equal(out.Destroyed, []string{id}) {
		t.Errorf("%+v", out)
	}
	w.put(anna, "after it was destroyed")
	w.silent("after it was destroyed")
}

func TestRFC8620_7_2_1_Get(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	c := w.as(anna)
	id, _ := w.subscribe(c, args{"types": []string{"Email"}})
	if all, gone := w.list(c, args{"ids": []string{id, "p1", "x", id}, "properties": []string{"types"}}); len(all) != 1 || !reflect.DeepEqual(all[0], subscription{ID: id, Types: []string{"Email"}}) ||
		!slices.Equal(gone, []string{"p1", "x"}) {
		t.Errorf("%+v, %v", all, gone)
	}
	if all, gone := w.list(c, args{"ids": []string{}}); len(all) != 0 || len(gone) != 0 {
		t.Errorf("%+v, %v", all, gone)
	}
	wantErrors(t, c, []errorCase{
		{"its url", "PushSubscription/get", args{"properties": []string{"id", "url"}}, "forbidden"},
		{"its keys", "PushSubscription/get", args{"ids": []string{}, "properties": []string{"keys"}}, "forbidden"},
		{"an unknown property", "PushSubscription/get", args{"properties": []string{"colour"}}, "invalidArguments"},
		{"an account", "PushSubscription/get", args{"accountId": w.account(anna)}, "invalidArguments"},
		{"more than may be", "PushSubscription/get", args{"ids": many(1001)}, "requestTooLarge"},
		{"an account", "PushSubscription/set", args{"accountId": w.account(anna)}, "invalidArguments"},
		{"a state", "PushSubscription/set", args{"ifInState": "0"}, "invalidArguments"},
		{"more than may be", "PushSubscription/set", args{"destroy": many(1001)}, "requestTooLarge"},
		{"no object", "PushSubscription/set", args{"create": args{"k": 7}}, "invalidArguments"},
	})
}

// Nobody sees or changes what was made with another credential, the own person's other one included.
func TestRFC8620_7_2_OfTheCredentialAlone(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	id, _ := w.subscribe(w.as(anna), nil)
	code := w.code(id)
	page := w.browser(anna)
	for name, c := range map[string]*jmapclient.Client{"another person": w.as(ben), "a page of the same person": page} {
		if all, gone := w.list(c, args{"ids": []string{id}}); len(all) != 0 || len(gone) != 1 {
			t.Errorf("%s sees %+v", name, all)
		}
		if all, _ := w.list(c, args{}); len(all) != 0 {
			t.Errorf("%s sees %+v", name, all)
		}
		out := one[pushed](t, c, "PushSubscription/set", args{"update": args{id: args{"verificationCode": code}}, "destroy": []string{"p1", "nonsense"}})
		if out.NotUpdated[id].Type != "notFound" || out.NotDestroyed["p1"].Type != "notFound" || out.NotDestroyed["nonsense"].Type != "notFound" {
			t.Errorf("%s: %+v", name, out)
		}
		if out := one[pushed](t, c, "PushSubscription/set", args{"destroy": []string{id}}); out.NotDestroyed[id].Type != "notFound" {
			t.Errorf("%s: %+v", name, out)
		}
	}
	if all, _ := w.list(w.as(anna), args{}); len(all) != 1 || all[0].Code != nil {
		t.Errorf("%+v", all)
	}
	own, _ := w.subscribe(page, nil)
	if all, _ := w.list(page, args{}); len(all) != 1 || all[0].ID != own {
		t.Errorf("%+v", all)
	}
}

// The service shortens what lasts too long, and says so.
func TestRFC8620_7_2_Expires(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	c := w.as(anna)
	soon, longest, far := date(w.Clock.Now().Add(time.Hour)), date(w.Clock.Now().Add(w.policy.Longest)), date(w.Clock.Now().AddDate(1, 0, 0))
	id, set := w.subscribe(c, args{"expires": soon, "types": []string{"Email"}, "verificationCode": json.RawMessage("null")})
	if len(set) != 1 {
		t.Errorf("all was as asked for: %v", set)
	}
	if _, set := w.subscribe(c, args{"expires": far}); set["expires"] != longest {
		t.Errorf("%v", set)
	}
	for _, x := range []struct {
		patch args
		want  map[string]any
	}{
		{args{"expires": far}, map[string]any{"expires": longest}},
		{args{"expires": longest}, nil},
		{args{"expires": soon}, nil},
		{args{"expires": nil}, map[string]any{"expires": longest}},
		{args{"types": nil}, nil},
		{args{"types": []string{}, "id": id, "deviceClientId": "phone", "verificationCode": nil}, nil},
		{args{}, nil},
	} {
		if out := w.update(c, id, x.patch); out.NotUpdated != nil || !reflect.DeepEqual(out.Updated[id], x.want) {
			t.Errorf("%v: %+v", x.patch, out)
		}
	}
	if all, _ := w.list(c, args{"ids": []string{id}}); len(all) != 1 || all[0].Types == nil || len(all[0].Types) != 0 {
		t.Errorf("no type is asked for: %+v", all)
	}
	w.update(c, id, args{"expires": soon})
	w.Clock.Advance(time.Hour)
	if _, gone := w.list(c, args{"ids": []string{id}}); len(gone) != 1 {
		t.Error("it is there after its end")
	}
	if out := w.update(c, id, args{"expires": far}); out.NotUpdated[id].Type != "notFound" {
		t.Errorf("%+v", out)
	}
}

// A type that there is not is never told of, and hinders none that there is (RFC 8620 §7.2: a client may know more types than a service).
func TestRFC8620_7_2_Types(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	c := w.as(anna)
	id, _ := w.subscribe(c, args{"types": []string{"Calendar", "Thing"}})
	w.update(c, id, args{"verificationCode": w.code(id)})
	for account, states := range w.told() {
		if len(states) != 1 || states["Thing"] == "" {
			t.Errorf("%s: told %v", account, states)
		}
	}
	w.update(c, id, args{"types": []string{"Calendar"}})
	w.put(anna, "a")
	w.silent("of a type that was not asked for")
}

func TestRFC8620_7_2_2_WrongInput(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	c := w.as(anna)
	p256dh, auth := w.device.Keys()
	cases := map[string]struct {
		more args
		want []string
	}{
		"no device":           {args{"deviceClientId": nil}, []string{"deviceClientId"}},
		"an empty device":     {args{"deviceClientId": ""}, []string{"deviceClientId"}},
		"a long device":       {args{"deviceClientId": strings.Repeat("x", 256)}, []string{"deviceClientId"}},
		"no url":              {args{"url": nil}, []string{"url"}},
		"a url of HTTP":       {args{"url": "http://push.example.test/x"}, []string{"url"}},
		"a private address":   {args{"url": "https://10.0.0.1/x"}, []string{"url"}},
		"the cloud's own":     {args{"url": "https://[::ffff:169.254.169.254]/latest"}, []string{"url"}},
		"this machine":        {args{"url": "https://localhost/x"}, []string{"url"}},
		"with a password":     {args{"url": "https://a:b@push.example.test/x"}, []string{"url"}},
		"a long url":          {args{"url": "https://push.example.test/" + strings.Repeat("x", 3000)}, []string{"url"}},
		"a number as url":     {args{"url": 7}, []string{"url"}},
		"no keys":             {args{"keys": nil}, []string{"keys"}},
		"null as keys":        {args{"keys": json.RawMessage("null")}, []string{"keys"}},
		"half of the keys":    {args{"keys": args{"p256dh": p256dh}}, []string{"keys/auth"}},
		"a key of nothing":    {args{"keys": args{"p256dh": strings.Repeat("A", 87), "auth": auth}}, []string{"keys"}},
		"a short secret":      {args{"keys": args{"p256dh": p256dh, "auth": "AAAA"}}, []string{"keys"}},
		"a key in hex":        {args{"keys": args{"p256dh": strings.Repeat("04", 65), "auth": auth}}, []string{"keys"}},
		"a third key":         {args{"keys": args{"p256dh": p256dh, "auth": auth, "x": "y"}}, []string{"keys/x"}},
		"keys as text":        {args{"keys": p256dh}, []string{"keys"}},
		"a code":              {args{"verificationCode": "x"}, []string{"verificationCode"}},
		"an end that is past": {args{"expires": date(w.Clock.Now())}, []string{"expires"}},
		"the oldest end":      {args{"expires": "0001-01-01T00:00:00Z"}, []string{"expires"}},
		"an end that is none": {args{"expires": "tomorrow"}, []string{"expires"}},
		"a type of nothing":   {args{"types": []string{"Email", ""}}, []string{"types"}},
		"a number as type":    {args{"types": []any{7}}, []string{"types"}},
		"too many types":      {args{"types": many(51)}, []string{"types"}},
		"an id":               {args{"id": "p1"}, []string{"id"}},
		"what there is not":   {args{"colour": "red"}, []string{"colour"}},
	}
	for name, x := range cases {
		e := one[pushed](t, c, "PushSubscription/set", args{"create": args{"k": w.asks(x.more)}}).NotCreated["k"]
		if e.Type != "invalidProperties" || !slices.Equal(e.Properties, x.want) || e.Description == "" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if all, _ := w.list(c, args{}); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	id, _ := w.subscribe(c, nil)
	for name, patch := range map[string]args{"url": {"url": w.outside.URL("/other")}, "keys": {"keys/auth": auth}, "deviceClientId": {"deviceClientId": "tablet"}, "id": {"id": "p1"}, "colour": {"colour": "red"},
		"expires": {"expires": date(w.Clock.Now())}, "types": {"types": "Email"}} {
		if e := w.update(c, id, patch).NotUpdated[id]; e.Type != "invalidProperties" && e.Type != "invalidPatch" || !strings.HasPrefix(strings.Join(e.Properties, " "), name) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	for _, pointer := range []string{"types/0", "expires/x", "keys/auth/x", "a~", ""} {
		if e := w.update(c, id, args{pointer: "x"}).NotUpdated[id]; e.Type != "invalidPatch" {
			t.Errorf("%s: %+v", pointer, e)
		}
	}
	w.code(id)
	w.silent("nothing else was made")
}

func TestRFC8620_7_2_2_TooMany(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t, func(p *policy.Push) { p.Subscriptions, p.MadePerHour = 2, 3 })
	c := w.as(anna)
	create := args{"a": w.asks(nil), "b": w.asks(nil), "c": w.asks(nil)}
	out := one[pushed](t, c, "PushSubscription/set", args{"create": create})
	if len(out.Created) != 2 || len(out.NotCreated) != 1 {
		t.Fatalf("%+v", out)
	}
	for _, e := range out.NotCreated {
		if e.Type != "overQuota" {
			t.Errorf("%+v", e)
		}
	}
	all, _ := w.list(c, args{})
	one[pushed](t, c, "PushSubscription/set", args{"destroy": []string{all[0].ID, all[1].ID}})
	w.subscribe(c, nil)
	if e := one[pushed](t, c, "PushSubscription/set", args{"create": args{"k": w.asks(nil)}}).NotCreated["k"]; e.Type != "rateLimit" || e.Description == "" {
		t.Errorf("%+v", e)
	}
}

// One request makes, changes and ends, by creation ids.
func TestRFC8620_7_2_2_CreationIds(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	r := call1(t, w.as(anna), jmapclient.Call{Name: "PushSubscription/set", Args: args{"create": args{"k": w.asks(nil)}}},
		jmapclient.Call{Name: "PushSubscription/get", Args: args{"ids": []string{"#k", "#x"}}},
		jmapclient.Call{Name: "PushSubscription/set", Args: args{"update": args{"#k": args{"types": []string{"Email"}}, "#x": args{}}, "destroy": []string{"#k", "#x"}}})
	var read struct {
		List     []subscription
		NotFound []string
	}
	var out pushed
	for i, into := range map[int]any{1: &read, 2: &out} {
		if err := r.Answers[i].Into(into); err != nil {
			t.Fatal(err)
		}
	}
	if len(read.List) != 1 || !slices.Equal(read.NotFound, []string{"#x"}) {
		t.Errorf("%+v", read)
	}
	id := read.List[0].ID
	if out.NotUpdated[id].Type != "willDestroy" || out.NotUpdated["#x"].Type != "notFound" || !slices.Equal(out.Destroyed, []string{id}) || out.NotDestroyed["#x"].Type != "notFound" {
		t.Errorf("%+v", out)
	}
}

func TestRFC9749_3_ApplicationServerKey(t *testing.T) {
	t.Parallel()
	w := newPushWorld(t)
	c := w.as(anna)
	if got := string(c.Session.Capabilities[vapidURN]); got != `{"applicationServerKey":"`+pushKey+`"}` {
		t.Errorf("%s", got)
	}
	before := c.Session.State
	w.srv.o.PushKey = "BAnotherKey" // as after a start with another one (RFC 9749 §5)
	if after := w.as(anna).Session; after.State == before || strings.Contains(string(after.Capabilities[vapidURN]), pushKey) {
		t.Errorf("%s", after.Capabilities[vapidURN])
	}
	without := newWorld(t).as(anna)
	if _, there := without.Session.Capabilities[vapidURN]; there {
		t.Error("nobody is woken, and the session says so otherwise")
	}
	wantErrors(t, without, []errorCase{{"where nobody is woken", "PushSubscription/get", args{}, "unknownMethod"}})
}
