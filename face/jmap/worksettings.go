package jmap

import (
	"encoding/json"
	"slices"

	"haven/mail/mailbox"
)

// workSettings is the type WorkSettings: what the owners of a mailbox chose of it. There is one, "singleton".
type workSettings struct{}

var workSettingsShape = Shape{
	{"id", `"singleton"`, ServerSet, ""},
	{"stopsSecondReply", "boolean", 0, ""},
}

var workSettingsProperties = workSettingsShape.names()

func (workSettings) Properties() (all, usual []string) {
	return workSettingsProperties, workSettingsProperties
}

func (workSettings) State(c *call, v mailbox.Viewer) (string, error) {
	on, err := c.work().Stops(c.ctx, v)
	if on {
		return stopping, err
	}
	return "lets", err
}

// stopping is the state in which second answers are stopped.
const stopping = "stops"

func (workSettings) All(*call, mailbox.Viewer) ([]string, error) { return []string{singleton}, nil }

func (workSettings) Read(c *call, v mailbox.Viewer, ids []string, _ properties, add func(string, any)) error {
	on, err := c.work().Stops(c.ctx, v)
	if slices.Contains(ids, singleton) {
		add(singleton, record{"stopsSecondReply": on})
	}
	return err
}

func (workSettings) Set(c *call, v mailbox.Viewer, s *setting) error {
	for _, x := range s.Create {
		s.NotCreated(x.CID, errSingleton)
	}
	for _, id := range s.Destroy {
		s.NotDestroyed(id, errSingleton)
	}
	if s.IfInState != "" {
		v.Held = c.work().HoldStops(v.Account, s.IfInState == stopping)
	}
	for _, x := range s.Update {
		err := setWork(c, v, x)
		if v.Held.Lost() {
			return errStateMismatch
		}
		if err != nil {
			s.NotUpdated(x.ID, err)
			continue
		}
		s.Updated(x.ID, nil)
	}
	return nil
}

func setWork(c *call, v mailbox.Viewer, x updating) error {
	if x.ID != singleton {
		return errNotFound
	}
	if err := x.Patch.Only("stopsSecondReply"); err != nil {
		return err
	}
	raw := x.Patch.Whole("stopsSecondReply")
	if raw == nil {
		return nil
	}
	var on *bool
	if json.Unmarshal(raw, &on) != nil {
		return refuse("invalidProperties", "It stops second replies, or not: true or false.", "stopsSecondReply")
	}
	return c.work().SetStops(c.ctx, v, on == nil || *on)
}
