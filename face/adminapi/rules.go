package adminapi

import (
	"strconv"
	"time"

	"haven/people/operator"
	"haven/people/registration"
	"haven/platform/errs"
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

type tokenIn struct {
	Name  string    `json:"name" doc:"what it is for"`
	Until time.Time `json:"until" doc:"when it ends"`
}

type tokenOut struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Made   time.Time  `json:"made"`
	Until  time.Time  `json:"until"`
	Used   *time.Time `json:"used,omitempty" doc:"to the hour"`
	Secret string     `json:"secret,omitempty" doc:"shown this once"`
}

func outToken(t operator.Token, secret string) tokenOut {
	return tokenOut{strconv.FormatInt(t.ID, 10), t.Name, t.Made, t.Until, some(t.Used), secret}
}

func listTokens(q *request) (any, error) {
	all, err := q.s.o.Operators.Tokens(q.r.Context())
	out := list[tokenOut]{Items: []tokenOut{}}
	for _, t := range all {
		out.Items = append(out.Items, outToken(t, ""))
	}
	return out, err
}

// errOwnToken: a token that was stolen may not outlive its end by making the next one.
var errOwnToken = &errs.Error{Kind: errs.Denied, Rule: "token.by-token", Say: "A token makes no tokens. Make it on the machine itself, over the local socket or by haven admin token add."}

func makeToken(q *request) (any, error) {
	if q.token {
		return nil, errOwnToken
	}
	in, err := body[tokenIn](q)
	if err != nil {
		return nil, err
	}
	secret, t, err := q.s.o.Operators.MakeToken(q.r.Context(), q.actor, in.Name, in.Until)
	return outToken(t, secret), err
}

func revokeToken(q *request) (any, error) {
	id, err := q.id()
	if err == nil {
		err = q.s.o.Operators.RevokeToken(q.r.Context(), q.actor, id)
	}
	return nil, err
}

type settleIn struct {
	Kind      string `json:"kind" doc:"not-me, owner, further or approval"`
	Reference string `json:"reference"`
	Person    int    `json:"person" doc:"number of the person in the application"`
	Grant     bool   `json:"grant,omitempty" doc:"kind further: make the account"`
	Refuse    string `json:"refuse,omitempty" doc:"kinds further and approval: why not; whoever asks reads it"`
	Another   bool   `json:"another,omitempty" doc:"it is another person than the account that was found: make an account, and tell the person"`
}

type settleOut struct {
	Made *accountOut `json:"made,omitempty"`
}

func settleTask(q *request) (any, error) {
	in, err := body[settleIn](q)
	if err != nil {
		return nil, err
	}
	ref := registration.Ref(in.Reference)
	if in.Another {
		a, err := q.s.o.Registration.Another(q.r.Context(), q.actor, ref, in.Person)
		if err != nil {
			return nil, err
		}
		made := outAccount(a)
		return settleOut{&made}, nil
	}
	if in.Kind == taskKinds[registration.TaskFurther] {
		if in.Grant == (in.Refuse != "") {
			return nil, errs.E(errs.Invalid, "Say grant, or refuse with a reason.")
		}
		if in.Grant {
			return settleOut{}, q.s.o.Registration.Grant(q.r.Context(), q.actor, ref)
		}
		return settleOut{}, q.s.o.Registration.Refuse(q.r.Context(), q.actor, ref, in.Refuse)
	}
	if in.Kind == taskKinds[registration.TaskApproval] {
		return settleOut{}, q.s.o.Registration.RefuseApproval(q.r.Context(), q.actor, ref, in.Refuse)
	}
	for kind, name := range taskKinds {
		if name == in.Kind {
			return settleOut{}, q.s.o.Registration.Settle(q.r.Context(), q.actor, kind, ref, in.Person)
		}
	}
	return nil, errs.E(errs.Invalid, "%q is no kind of task; use not-me, owner, further or approval.", in.Kind)
}

func thaw(q *request) (any, error) {
	o, err := q.organisation(q.r.PathValue("code"))
	if err == nil {
		err = q.s.o.Registration.Thaw(q.r.Context(), q.actor, o.ID)
	}
	return nil, err
}
