package adminapi

import "haven/platform/errs"

// readingOut is who counts as having read a letter.
type readingOut struct {
	Each bool `json:"each" doc:"true: each person reads for oneself; false: what one has read is read for all"`
}

type readingIn struct {
	Each *bool `json:"each" doc:"true: each person reads for oneself; false: what one has read is read for all"`
}

func getReading(q *request) (any, error) {
	box, err := q.mailbox()
	if err != nil {
		return nil, err
	}
	on, err := q.s.o.Shared.ReadsEach(q.r.Context(), box.No)
	return readingOut{on}, err
}

func setReading(q *request) (any, error) {
	in, err := body[readingIn](q)
	if err != nil {
		return nil, err
	}
	if in.Each == nil {
		return nil, errs.E(errs.Invalid, "Say with each, true or false, whether each person reads for oneself.")
	}
	box, err := q.mailbox()
	if err != nil {
		return nil, err
	}
	return readingOut{*in.Each}, q.s.o.Shared.SetReadsEach(q.r.Context(), q.actor, box.No, *in.Each)
}
