// Package errs gives every error a kind, a sentence that its reader may see, and a cause that only the log sees.
//
// A protocol translates kinds to its own codes in one total table; nothing outside this package compares
// error strings.
package errs

import (
	"context"
	"errors"
	"fmt"
)

// Kind is the class of an error: what the caller can do about it.
type Kind uint8

const (
	Internal  Kind = iota // a fault of ours; the cause is logged, the person sees nothing of it
	Transient             // try again later: a disk that is full, a database that restarts, a queue that is long
	NotFound              // there is no such thing, or the person may not know of it
	Denied                // the person may know of it, and may not do this
	Private               // a secret was wrong or missing
	OverQuota             // no room
	Invalid               // what was asked makes no sense; the sentence tells why
	Conflict              // it exists already, or changed since it was read
	TooMany               // a limit of rate or number; the sentence tells which
)

var kindNames = [...]string{"internal", "transient", "not found", "denied", "private", "over quota", "invalid", "conflict", "too many"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "internal"
}

// Kinds lists every kind, so that a test can prove a translation table total.
func Kinds() []Kind {
	return []Kind{Internal, Transient, NotFound, Denied, Private, OverQuota, Invalid, Conflict, TooMany}
}

// Error is an error with a kind. Say is for the person; Cause is for the log and never shown.
type Error struct {
	Kind  Kind
	Rule  string // the rule that decided, where one did: "submission.sender"
	Say   string
	Cause error
}

func (e *Error) Error() string {
	s := e.Say
	if s == "" {
		s = e.Kind.String()
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// RuleStorageFull is the rule of a Transient error whose cause is a full disk, for faces whose protocol can say so.
const RuleStorageFull = "storage.full"

// IsStorageFull reports whether a full disk is behind err, however often it was wrapped since.
func IsStorageFull(err error) bool {
	for e := (*Error)(nil); errors.As(err, &e); err = e.Cause {
		if e.Rule == RuleStorageFull {
			return true
		}
	}
	return false
}

// StorageFull is the error for a disk that has no room; nil for a nil cause.
func StorageFull(cause error) error {
	if cause == nil {
		return nil
	}
	return &Error{Kind: Transient, Rule: RuleStorageFull, Say: "The service has no room at the moment. Try again later.", Cause: cause}
}

// E makes an error of a kind whose sentence the person may see.
func E(k Kind, say string, args ...any) *Error {
	if len(args) > 0 {
		say = fmt.Sprintf(say, args...)
	}
	return &Error{Kind: k, Say: say}
}

// Wrap gives cause a kind and a sentence; it returns nil for a nil cause.
func Wrap(k Kind, cause error, say string) error {
	if cause == nil {
		return nil
	}
	return &Error{Kind: k, Say: say, Cause: cause}
}

// KindOf is the kind of the outermost Error in err's chain. A context that ended is Transient; any other
// error that nobody gave a kind to is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Transient
	}
	return Internal
}

// Is reports whether err is of kind k. A nil error is of no kind.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Say is the sentence that the person may see: never the cause.
func Say(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Say != "" {
		return e.Say
	}
	switch KindOf(err) {
	case Transient:
		return "The service is busy. Try again in a minute."
	case NotFound:
		return "There is no such thing."
	}
	return "Something went wrong on our side. Try again; if it stays so, tell the helpdesk."
}
