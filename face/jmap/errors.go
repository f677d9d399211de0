package jmap

import (
	"errors"
	"fmt"
	"maps"

	"haven/platform/errs"
)

// methodError is the answer of a method that did nothing (RFC 8620 §3.6.2).
type methodError struct {
	Type        string
	Description string
	extra       record
	cause       error // for the log
}

func (e *methodError) Error() string {
	if e.Description == "" {
		return e.Type
	}
	return e.Type + ": " + e.Description
}

func (e *methodError) Unwrap() error { return e.cause }

// fail makes a method error of a type, with a sentence.
func fail(typ, say string, args ...any) *methodError {
	if len(args) > 0 {
		say = fmt.Sprintf(say, args...)
	}
	return &methodError{Type: typ, Description: say}
}

func (e *methodError) object() record {
	r := record{"type": e.Type}
	if e.Description != "" {
		r["description"] = e.Description
	}
	maps.Copy(r, e.extra)
	return r
}

// atMost is requestTooLarge for more than may be dealt with at once (RFC 8620 §5.1, §5.3); what says what with, such as "objects can be read".
func atMost(n, most int, what string) error {
	if n > most {
		return fail("requestTooLarge", "At most %d %s with one call.", most, what)
	}
	return nil
}

// The method errors of RFC 8620 that have no sentence of their own.
var (
	errUnknownMethod   = &methodError{Type: "unknownMethod"}
	errAccountNotFound = &methodError{Type: "accountNotFound"}
	errAccountReadOnly = &methodError{Type: "accountReadOnly"}
	errNotSupported    = &methodError{Type: "accountNotSupportedByMethod"}
	errStateMismatch   = &methodError{Type: "stateMismatch"}
	errCantCalculate   = &methodError{Type: "cannotCalculateChanges"}
	errTooManyChanges  = &methodError{Type: "tooManyChanges"}
	errAnchorNotFound  = &methodError{Type: "anchorNotFound"}
)

// What is told of the calls for which a request left no time.
var (
	errMuchHeld = fail("serverUnavailable", "Your other requests are being answered with very much. Ask again when they are.")
	errSlow     = fail("serverUnavailable", "The request took too long. Ask for less at once.")
	errCutShort = fail("serverPartialFail", "The request took too long, and not all of this was done. Read it anew.")
)

// methodKinds is the method error for each kind of error that a service gives.
var methodKinds = map[errs.Kind]string{
	errs.Internal:  "serverFail",
	errs.Transient: "serverUnavailable",
	errs.NotFound:  "accountNotFound", // of an account that the session had a moment ago
	errs.Denied:    "forbidden",
	errs.Private:   "forbidden",
	errs.OverQuota: "forbidden", // RFC 8620 has overQuota for one object alone
	errs.Invalid:   "invalidArguments",
	errs.Conflict:  "stateMismatch",
	errs.TooMany:   "serverUnavailable", // "may succeed later"
}

// asMethodError is the answer to whatever a method returned; internal causes stay for the log.
func asMethodError(err error) *methodError {
	var m *methodError
	if errors.As(err, &m) {
		return m
	}
	var bad *badMembers
	if errors.As(err, &bad) {
		return &methodError{Type: "invalidArguments", Description: bad.Error(), extra: record{"arguments": bad.names}}
	}
	kind := errs.KindOf(err)
	return &methodError{Type: methodKinds[kind], Description: errs.Say(err), cause: err}
}

// setError is why one object was not created, changed or destroyed (RFC 8620 §5.3).
type setError struct {
	Type        string
	Description string
	Properties  []string
	extra       record
}

func (e *setError) Error() string { return e.Type + ": " + e.Description }

// refuse makes a set error of a type, with a sentence.
func refuse(typ, say string, properties ...string) *setError {
	return &setError{Type: typ, Description: say, Properties: properties}
}

func (e *setError) object() record {
	r := record{"type": e.Type}
	if e.Description != "" {
		r["description"] = e.Description
	}
	if e.Properties != nil {
		r["properties"] = e.Properties
	}
	maps.Copy(r, e.extra)
	return r
}

// The set errors that have no sentence of their own.
var (
	errNotFound    = &setError{Type: "notFound"}
	errWillDestroy = &setError{Type: "willDestroy"}
	errSingleton   = &setError{Type: "singleton"}
)

// setKinds is the set error for each kind of error that a service gives.
var setKinds = map[errs.Kind]string{
	errs.Internal:  "serverFail",
	errs.Transient: "serverUnavailable",
	errs.NotFound:  "notFound",
	errs.Denied:    "forbidden",
	errs.Private:   "forbidden",
	errs.OverQuota: "overQuota",
	errs.Invalid:   "invalidProperties",
	errs.Conflict:  "stateMismatch",
	errs.TooMany:   "rateLimit",
}

// asSetError is the answer for one object to whatever went wrong with it.
func asSetError(err error) *setError {
	var e *setError
	if errors.As(err, &e) {
		return e
	}
	var bad *badMembers
	if errors.As(err, &bad) {
		return &setError{Type: "invalidProperties", Description: bad.Error(), Properties: bad.names}
	}
	return &setError{Type: setKinds[errs.KindOf(err)], Description: errs.Say(err)}
}
