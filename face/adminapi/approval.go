package adminapi

import (
	"time"

	"haven"
	"haven/people/registration"
	"haven/platform/errs"
)

// decideOut is what has to be known to decide about a reference.
type decideOut struct {
	Kind         string        `json:"kind" doc:"further or approval"`
	Organisation string        `json:"organisation" doc:"code"`
	Who          string        `json:"who" doc:"name of the person who would get an account, or who applies"`
	Email        string        `json:"email" doc:"that person's own"`
	Mobile       string        `json:"mobile,omitempty" doc:"kind further"`
	By           string        `json:"by,omitempty" doc:"kind further: name of the owner who asks"`
	Reason       string        `json:"reason"`
	Telephone    string        `json:"telephone,omitempty" doc:"kind approval: of the premises, in the national list; call no other"`
	Number       string        `json:"number,omitempty" doc:"kind approval: GPhC number that was given"`
	Registered   string        `json:"registered,omitempty" doc:"kind approval: GPhC number that is registered"`
	Approvals    []approvalOut `json:"approvals,omitempty" doc:"kind approval: those that were given"`
}

type approvalOut struct {
	For string    `json:"for" doc:"head-office, local-team or desk"`
	By  string    `json:"by" doc:"address of the operator"`
	At  time.Time `json:"at"`
}

func getTask(q *request) (any, error) {
	ref := registration.Ref(q.r.PathValue("reference"))
	a, err := q.s.o.Registration.ApprovalOf(q.r.Context(), ref)
	if errs.Is(err, errs.NotFound) {
		w, err := q.s.o.Registration.WantedBy(q.r.Context(), ref)
		return decideOut{Kind: taskKinds[registration.TaskFurther], Organisation: string(w.Premises.Code), Who: w.Person.Name(), Email: w.Person.Email, Mobile: w.Person.Mobile, By: w.By, Reason: w.Reason}, err
	}
	out := decideOut{Kind: taskKinds[registration.TaskApproval], Organisation: string(a.Premises.Code), Who: a.Name, Email: a.Email, Reason: a.Why, Telephone: a.Telephone, Number: a.Number, Registered: a.Registered}
	for _, g := range a.Given {
		out.Approvals = append(out.Approvals, approvalOut{g.Side.String(), g.By.Address.String(), g.At})
	}
	return out, err
}

type approveIn struct {
	Reference string `json:"reference"`
	For       string `json:"for" doc:"head-office, local-team or desk"`
	By        string `json:"by" doc:"address of the operator on whose word; the two have to differ"`
}

type approveOut struct {
	Done bool `json:"done" doc:"both approvals are there, and a passcode is on its way to whoever applied"`
}

// errApproveByToken: a token is one secret, and two people approve.
var errApproveByToken = &errs.Error{Kind: errs.Denied, Rule: "registration.approve-token", Say: "A token approves nothing: two people do. They do so on the pages, or on the machine itself by haven admin registration approve."}

func approveTask(q *request) (any, error) {
	if q.token {
		return nil, errApproveByToken
	}
	in, err := body[approveIn](q)
	if err != nil {
		return nil, err
	}
	address, err := haven.ParseAddress(in.By)
	if err != nil {
		return nil, errs.E(errs.Invalid, "Say in by on whose word: the address of an operator.")
	}
	who, err := q.s.o.Accounts.Resolve(q.r.Context(), address)
	if err != nil {
		return nil, err
	}
	actor := q.actor
	actor.Person = who.ID
	if err := q.s.o.Operators.Check(q.r.Context(), actor); err != nil {
		return nil, err
	}
	done, err := q.s.o.Registration.Approve(q.r.Context(), actor, registration.Ref(in.Reference), registration.ParseSide(in.For))
	return approveOut{done}, err
}
