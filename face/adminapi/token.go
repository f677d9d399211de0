package adminapi

import (
	"strconv"
	"time"

	"haven/people/operator"
	"haven/platform/errs"
)

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
