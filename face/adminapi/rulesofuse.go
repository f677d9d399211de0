package adminapi

import (
	"time"
)

type rulesOut struct {
	Version int        `json:"version"`
	Text    string     `json:"text"`
	Since   *time.Time `json:"since,omitempty"`
	Holds   *time.Time `json:"holds,omitempty" doc:"from when on nobody goes on without having accepted them"`
}

type rulesIn struct {
	Text  string     `json:"text"`
	Holds *time.Time `json:"holds,omitempty" doc:"where it is not named, after activation.accept_policy"`
}

func getRules(q *request) (any, error) {
	p, err := q.s.o.Activation.Current(q.r.Context())
	return rulesOut{p.Version, p.Text, some(p.Since), some(p.Holds)}, err
}

func publishRules(q *request) (any, error) {
	in, err := body[rulesIn](q)
	if err != nil {
		return nil, err
	}
	holds := time.Time{}
	if in.Holds != nil {
		holds = *in.Holds
	}
	if _, err := q.s.o.Activation.Publish(q.r.Context(), q.actor, in.Text, holds); err != nil {
		return nil, err
	}
	return getRules(q)
}

// some is a time that may be none.
func some(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
