package search

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/errs"
)

// SortBy is what messages are ordered by (RFC 5256 §3, RFC 5957).
type SortBy uint8

const (
	ByArrival SortBy = iota + 1
	ByCc
	ByDate
	ByFrom
	BySize
	BySubject
	ByTo
	ByDisplayFrom
	ByDisplayTo
)

// SortKey is one criterion of a SORT.
type SortKey struct {
	By      SortBy
	Reverse bool
}

// maxSortKeys bounds the criteria of one SORT: each of the nine is of use once.
const maxSortKeys = 9

// Sorting is what SORT compares of a message. Only the fields that the keys name need to be there.
type Sorting struct {
	UID      haven.UID
	Received time.Time
	Sent     time.Time // the Date field's, or Received where that is missing (RFC 5256 §2.2)
	Size     int64
	texts    [ByDisplayTo + 1]string // collated, by SortBy
}

// setTexts fills in what keys need of the envelope, of which nothing is kept: see brief.
func (s *Sorting) setTexts(e *mime.Envelope, keys []SortKey) {
	for _, k := range keys {
		switch k.By {
		case ByCc:
			s.texts[ByCc] = collateOwn(firstMailbox(e.Cc))
		case ByFrom:
			s.texts[ByFrom] = collateOwn(firstMailbox(e.From))
		case ByTo:
			s.texts[ByTo] = collateOwn(firstMailbox(e.To))
		case ByDisplayFrom:
			s.texts[ByDisplayFrom] = collateOwn(firstDisplay(e.From))
		case ByDisplayTo:
			s.texts[ByDisplayTo] = collateOwn(firstDisplay(e.To))
		case BySubject:
			base, _ := mime.BaseSubject(e.Subject)
			s.texts[BySubject] = collateOwn(base)
		}
	}
}

// collateOwn is Collate, and never a piece of s.
func collateOwn(s string) string { return strings.Clone(Collate(s)) }

// firstMailbox is the local part of a list's first address, or the name of its first group.
func firstMailbox(list []mime.Address) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Mailbox
}

// firstDisplay is what a person reads of a list's first entry (RFC 5957 §3).
func firstDisplay(list []mime.Address) string {
	if len(list) == 0 {
		return ""
	}
	if list[0].Kind != mime.Mailbox {
		return mime.DecodeHeader(list[0].Mailbox)
	}
	return list[0].DisplayName()
}

// Collate makes text comparable octet by octet as i;unicode-casemap does (RFC 5051 §2): title case, then taken apart.
func Collate(s string) string {
	s = strings.Map(unicode.ToTitle, s)
	return norm.NFKD.String(s)
}

// Sort orders messages by keys, and by UID, which is their number's order, where these are equal. Reverse turns the
// key that it stands at, never the last resort (RFC 5256 §3).
func Sort(list []Sorting, keys []SortKey) {
	slices.SortFunc(list, func(a, b Sorting) int {
		for _, k := range keys {
			if c := k.By.compare(&a, &b); c != 0 {
				if k.Reverse {
					return -c
				}
				return c
			}
		}
		return cmp.Compare(a.UID, b.UID)
	})
}

func (by SortBy) compare(a, b *Sorting) int {
	switch by {
	case ByArrival:
		return a.Received.Compare(b.Received)
	case ByDate:
		return a.Sent.Compare(b.Sent)
	case BySize:
		return cmp.Compare(a.Size, b.Size)
	}
	return strings.Compare(a.texts[by], b.texts[by])
}

// needsEnvelope reports whether some key is about what is sealed.
func needsEnvelope(keys []SortKey) bool {
	return slices.ContainsFunc(keys, func(k SortKey) bool { return k.By != ByArrival && k.By != BySize })
}

// Sort finds the messages that q is true of, as Search does, in the order of keys.
func (s *Service) Sort(ctx context.Context, v mailbox.Viewer, mb haven.MailboxNo, q Query, keys []SortKey) (Result, error) {
	for _, k := range keys {
		if k.By < ByArrival || k.By > ByDisplayTo || len(keys) > maxSortKeys {
			return Result{}, errs.E(errs.Invalid, "This order isn't known.")
		}
	}
	var res Result
	var list []Sorting
	sealed := needsEnvelope(keys)
	err := s.find(ctx, v, mb, q, func(rows []mailbox.Row) error {
		from := len(list)
		for i := range rows {
			r := &rows[i]
			res.HighestModSeq = max(res.HighestModSeq, r.Changed)
			list = append(list, Sorting{UID: r.UID, Received: r.Received, Sent: r.Received, Size: r.Size})
		}
		if !sealed {
			return nil
		}
		return s.envelopes(ctx, v, rows, func(i int, info *mailbox.Info) {
			item := &list[from+i]
			if t, ok := info.Meta.Envelope.Sent(); ok {
				item.Sent = t
			}
			item.setTexts(&info.Meta.Envelope, keys)
		})
	})
	if err != nil {
		return Result{}, err
	}
	Sort(list, keys)
	res.UIDs = make([]haven.UID, len(list))
	for i := range list {
		res.UIDs[i] = list[i].UID
	}
	return res, nil
}

// envelopes calls fn with what is sealed of each row's message; one that is gone is left out.
func (s *Service) envelopes(ctx context.Context, v mailbox.Viewer, rows []mailbox.Row, fn func(i int, info *mailbox.Info)) error {
	msgs := make([]haven.MessageID, len(rows))
	for i := range rows {
		msgs[i] = rows[i].Msg
	}
	for from := 0; from < len(msgs); from += readMany {
		batch := msgs[from:min(from+readMany, len(msgs))]
		err := s.inTurn(ctx, len(msgs) <= readFew, func() error {
			return s.store.Infos(ctx, v, batch, func(i int, info *mailbox.Info) error {
				fn(from+i, info)
				return stopped(ctx)
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
