package jmap

import (
	"encoding/json"
	"strings"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/work"
)

// workPresences is the type WorkPresence: somebody at a Thread now. Its id is that of the thread and that of the person.
type workPresences struct {
	tab string
}

var workPresenceShape = Shape{
	{"id", "WorkPresenceId", ServerSet, ""},
	{"threadId", "ThreadId", Required | Immutable, ""},
	{"person", "AccountId | null", ServerSet, ""},
	{"personName", "string | null", ServerSet, ""},
	{"doing", `"viewing" | "writing"`, Required, ""},
	{"until", "UTCDate", ServerSet, "it is not shown after that"},
}

var workPresenceProperties = workPresenceShape.names()

func (workPresences) Properties() (all, usual []string) {
	return workPresenceProperties, workPresenceProperties
}

func (workPresences) State(c *call, v mailbox.Viewer) (string, error) {
	here, err := c.work().Present(c.ctx, v)
	return here.State, err
}

// present is who is there now, by id and in order.
func (c *call) present(v mailbox.Viewer) (ids []string, of map[string]work.Presence, who faces, err error) {
	here, err := c.work().Present(c.ctx, v)
	if err != nil {
		return nil, nil, nil, err
	}
	if who, err = c.facesAt(here.All); err != nil {
		return nil, nil, nil, err
	}
	of = map[string]work.Presence{}
	for _, p := range here.All {
		id := who.presenceID(p)
		ids, of[id] = append(ids, id), p
	}
	return ids, of, who, nil
}

func (c *call) facesAt(all ...[]work.Presence) (faces, error) {
	var nos []haven.AccountNo
	for _, some := range all {
		for _, p := range some {
			nos = append(nos, p.Person)
		}
	}
	return c.faces(nos)
}

func (f faces) presenceID(p work.Presence) string {
	return threadID(p.Thread) + "-" + accountID(f[p.Person].ID)
}

func (workPresences) All(c *call, v mailbox.Viewer) ([]string, error) {
	ids, _, _, err := c.present(v)
	return ids, err
}

func (workPresences) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	_, of, who, err := c.present(v)
	for _, id := range ids {
		if p, ok := of[id]; ok {
			add(id, who.presence(p))
		}
	}
	return err
}

func (f faces) presence(p work.Presence) record {
	r := record{"threadId": threadID(p.Thread), "doing": p.Doing.String(), "until": date(p.Until)}
	f.put(r, "person", p.Person)
	return r
}

func (workPresences) Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error) {
	m, err := c.work().Moves(c.ctx, v, since)
	if err != nil {
		return changed{}, lostState(err)
	}
	if most > 0 && len(m.Created)+len(m.Updated)+len(m.Destroyed) > most {
		return changed{}, errCantCalculate
	}
	who, err := c.facesAt(m.Created, m.Updated, m.Destroyed)
	return changed{NewState: m.State, Created: idsOf(m.Created, who.presenceID), Updated: idsOf(m.Updated, who.presenceID), Destroyed: idsOf(m.Destroyed, who.presenceID)}, err
}

// workPresenceSet is WorkPresence/set with its argument tab. Whoever may read may be there.
func workPresenceSet(c *call) (any, error) {
	t := workPresences{tab: c.args.String("tab")}
	if len(t.tab) > 64 {
		c.args.Bad("tab", "has at most 64 octets")
	}
	return c.setAs(haven.Read, t)
}

func (t workPresences) Set(c *call, v mailbox.Viewer, s *setting) error {
	own := "-" + accountID(c.session.ID)
	for _, x := range s.Create {
		if err := t.create(c, v, s, x, own); err != nil {
			s.NotCreated(x.CID, err)
		}
	}
	for _, x := range s.Update {
		if err := t.update(c, v, s, x, own); err != nil {
			s.NotUpdated(x.ID, err)
		}
	}
	for _, id := range s.Destroy {
		if err := t.destroy(c, v, id, own); err != nil {
			s.NotDestroyed(id, err)
			continue
		}
		s.Destroyed(id)
	}
	return nil
}

var doings = map[string]work.Doing{"viewing": work.Viewing, "writing": work.Writing}

func (t workPresences) create(c *call, v mailbox.Viewer, s *setting, x creating, own string) error {
	x.Object.Require("threadId", "doing")
	thread := messageOf(x.Object.String("threadId"), "T")
	doing, ok := doings[x.Object.String("doing")]
	if !ok {
		x.Object.Bad("doing", "must be viewing or writing")
	}
	if thread == 0 {
		x.Object.Bad("threadId", "is no Thread")
	}
	if err := x.Object.Done(); err != nil {
		return err
	}
	p, err := c.work().Arrive(c.ctx, v, t.tab, thread, doing)
	if err != nil {
		return threadError(err)
	}
	s.Created(x.CID, threadID(thread)+own, record{"person": accountID(c.session.ID), "personName": c.session.Name, "until": date(p.Until)})
	return nil
}

// there is the thread of a presence of the caller's own that there is now.
func (t workPresences) there(c *call, v mailbox.Viewer, id, own string) (haven.MessageID, error) {
	_, of, _, err := c.present(v)
	if err != nil {
		return 0, err
	}
	if _, ok := of[id]; !ok {
		return 0, errNotFound
	}
	thread, ok := strings.CutSuffix(id, own)
	if !ok {
		return 0, refuse("forbidden", "Where others are is theirs to say.")
	}
	return messageOf(thread, "T"), nil
}

func (t workPresences) update(c *call, v mailbox.Viewer, s *setting, x updating, own string) error {
	if err := x.Patch.Only("doing"); err != nil {
		return err
	}
	thread, err := t.there(c, v, x.ID, own)
	if err != nil {
		return err
	}
	var word string
	if raw := x.Patch.Whole("doing"); raw != nil && json.Unmarshal(raw, &word) != nil || doings[word] == 0 {
		return refuse("invalidProperties", "What somebody does is viewing or writing.", "doing")
	}
	p, err := c.work().Arrive(c.ctx, v, t.tab, thread, doings[word])
	if err != nil {
		return workError(err)
	}
	s.Updated(x.ID, record{"until": date(p.Until)})
	return nil
}

func (t workPresences) destroy(c *call, v mailbox.Viewer, id, own string) error {
	if _, err := t.there(c, v, id, own); err != nil {
		return err
	}
	return c.work().Depart(c.ctx, v, t.tab)
}
