package jmap

import (
	"context"
	"slices"
	"time"

	"haven"
	"haven/mail/push"
	"haven/platform/errs"
)

// vapidURN is the capability of RFC 9749.
const vapidURN = "urn:ietf:params:jmap:webpush-vapid"

// Pushes keeps push subscriptions; *push.Service is one.
type Pushes interface {
	Create(ctx context.Context, actor haven.Actor, h push.Holder, n push.New) (push.Subscription, error)
	Of(ctx context.Context, h push.Holder) ([]push.Subscription, error)
	Update(ctx context.Context, h push.Holder, id push.ID, c push.Change) (push.Subscription, error)
	Destroy(ctx context.Context, actor haven.Actor, h push.Holder, id push.ID) error
}

// pushMethods are those of RFC 8620 §7.2. A push subscription is in no account: it belongs to the credential that the session was opened with, and has no state.
var pushMethods = map[string]method{
	"PushSubscription/get": {coreURN, pushSubscriptionGet},
	"PushSubscription/set": {coreURN, pushSubscriptionSet},
}

// vapidCapability is the key that a browser subscribes with (RFC 9749 §3).
func (s *Server) vapidCapability(*visit) any { return record{"applicationServerKey": s.o.PushKey} }

// pushSubscriptions is the type PushSubscription (RFC 8620 §7.2).
type pushSubscriptions struct{}

var pushShape = Shape{
	{"id", "PushSubscriptionId", ServerSet, ""},
	{"deviceClientId", "string", Required | Immutable, ""},
	{"url", "string", Required | Immutable, "never given back"},
	{"keys", "PushKeys | null", Immutable, "never given back; asked for, since nothing is pushed that is not encrypted"},
	{"verificationCode", "string | null", UpdateOnly, "what was pushed there"},
	{"expires", "UTCDate", 0, ""},
	{"types", "string[] | null", 0, "null: all"},
}

// pushSecrets are the properties that are never given out.
var pushSecrets = []string{"url", "keys"}

var pushProperties = slices.DeleteFunc(pushShape.names(), func(name string) bool { return slices.Contains(pushSecrets, name) })

func (pushSubscriptions) Properties() (all, usual []string) { return pushShape.names(), pushProperties }

// holder is whose subscriptions a call is about.
func (c *call) holder() push.Holder {
	return push.Holder{Person: c.session.Person, Credential: c.session.Credential}
}

// pushSubscriptionGet is RFC 8620 §7.2.1's.
func pushSubscriptionGet(c *call) (any, error) {
	ids, named := c.args.IDs("ids"), c.args.Has("ids")
	want := c.wanted("properties", pushSubscriptions{})
	if err := c.args.Done(); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(pushSecrets, want.Has) {
		return nil, fail("forbidden", "The url and the keys of a subscription are given to nobody.")
	}
	there, err := c.srv.o.Pushes.Of(c.ctx, c.holder())
	if err != nil {
		return nil, err
	}
	if !named {
		for _, p := range there {
			ids = append(ids, p.ID.String())
		}
	}
	return c.read(ids, want, func(_ []string, add func(string, any)) error {
		for _, p := range there {
			add(p.ID.String(), pushObject(p))
		}
		return nil
	})
}

func pushObject(p push.Subscription) record {
	o := record{"deviceClientId": p.Device, "verificationCode": orNullText(p.Code), "expires": date(p.Expires), "types": nil}
	if p.Types != nil {
		o["types"] = p.Types
	}
	return o
}

// pushSubscriptionSet is RFC 8620 §7.2.2's.
func pushSubscriptionSet(c *call) (any, error) {
	s := newSetting(c)
	if err := s.decode(); err != nil {
		return nil, err
	}
	for _, x := range s.Create {
		c.subscribe(s, x)
	}
	for _, u := range s.Update {
		if err := c.renew(s, u); err != nil {
			s.NotUpdated(u.ID, pushError(err))
		}
	}
	for _, name := range s.Destroy {
		if err := c.unsubscribe(name); err != nil {
			s.NotDestroyed(name, err)
		} else {
			s.Destroyed(name)
		}
	}
	return s.outcome(), nil
}

// subscribe makes a subscription, and tells what the client left to the service: when it ends above all, which may be sooner than was asked for.
func (c *call) subscribe(s *setting, x creating) {
	o := x.Object
	o.Require("deviceClientId", "url")
	if o.Has("verificationCode") {
		o.Bad("verificationCode", "can't be known before it was pushed")
	}
	n := push.New{Device: o.String("deviceClientId"), URL: o.String("url"), Expires: pushExpires(o), Types: o.Strings("types")}
	if keys := o.Object("keys"); keys != nil {
		keys.Require("p256dh", "auth")
		n.P256dh, n.Auth = keys.String("p256dh"), keys.String("auth")
		o.Take("keys", keys)
	}
	err := o.Done()
	if err != nil {
		s.NotCreated(x.CID, err)
		return
	}
	made, err := c.srv.o.Pushes.Create(c.ctx, c.actor(c.session.ID), c.holder(), n)
	if err != nil {
		s.NotCreated(x.CID, pushError(err))
		return
	}
	set := pushObject(made)
	for _, name := range o.Names() {
		if name != "expires" || o.String(name) == set[name] {
			delete(set, name)
		}
	}
	s.Created(x.CID, made.ID.String(), set)
}

// pushExpires is when a subscription is to end. The first moment of all time is as far past as any.
func pushExpires(o *object) time.Time {
	t := o.UTCDate("expires")
	if t.IsZero() && o.Has("expires") {
		o.Bad("expires", "is past")
	}
	return t
}

// renew changes a subscription: it brings the code back, or says another end or other types. What a client gives back as it was is as good as not named.
func (c *call) renew(s *setting, u updating) error {
	before, id, err := c.subscription(u.ID)
	if err != nil {
		return err
	}
	o, err := u.Patch.Apply(before)
	if err != nil {
		return err
	}
	if o, err = onlyChanges(before, o, u.Patch.Properties()); err != nil {
		return err
	}
	ch := pushChange(o)
	if err := o.Done(); err != nil {
		return err
	}
	now, err := c.srv.o.Pushes.Update(c.ctx, c.holder(), id, ch)
	if err != nil {
		return err
	}
	var set record
	if end := date(now.Expires); o.Given("expires") && o.String("expires") != end {
		set = record{"expires": end}
	}
	s.Updated(u.ID, set)
	return nil
}

// pushChange reads what is to be another one; null is the default (RFC 8620 §5.3).
func pushChange(o *object) (ch push.Change) {
	for _, name := range []string{"id", "deviceClientId", "url", "keys"} {
		if o.Given(name) {
			o.Bad(name, "can't be changed: make another subscription")
		}
	}
	if o.Given("verificationCode") {
		code := o.String("verificationCode")
		ch.Code = &code
	}
	if o.Given("expires") {
		expires := pushExpires(o)
		ch.Expires = &expires
	}
	if o.Given("types") {
		types := o.Strings("types")
		ch.Types = &types
	}
	return ch
}

// subscription is one of the credential's, as a client was given it.
func (c *call) subscription(name string) (record, push.ID, error) {
	all, err := c.srv.o.Pushes.Of(c.ctx, c.holder())
	for _, p := range all {
		if p.ID.String() == name {
			o := pushObject(p)
			o["id"] = name
			return o, p.ID, nil
		}
	}
	if err == nil {
		err = errNotFound
	}
	return nil, 0, err
}

func (c *call) unsubscribe(name string) error {
	id, ok := push.ParseID(name)
	if !ok {
		return errNotFound
	}
	return c.srv.o.Pushes.Destroy(c.ctx, c.actor(c.session.ID), c.holder(), id)
}

// pushError is the answer for one subscription to whatever went wrong with it, with the property that is at fault.
func pushError(err error) error {
	if property := push.Property(err); property != "" {
		return refuse("invalidProperties", errs.Say(err), property)
	}
	if hasRule(err, push.RuleMost) {
		return refuse("overQuota", errs.Say(err))
	}
	return err
}
