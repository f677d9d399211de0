// Package secondfactor is what a person shows besides the password: a passkey, a one-time code of an app, or a recovery code where both are
// lost (Rules 6). A browser that a person trusts is asked for it once in 30 days.
package secondfactor

import (
	"time"
)

// Standing is what there is of a person's second factor.
type Standing struct {
	On       bool      // something besides the password is asked for at each log in
	Since    time.Time // when the first part of it was set up
	App      bool      // an app shows codes
	Passkeys []Passkey // the oldest first
	Recovery int       // recovery codes that were not used
}

// Setup is a second factor that is being set up: it counts once a code of it was given.
type Setup struct {
	Key string // for those who type it: letters and digits in groups of four
	URL string // for the square code: otpauth://totp/…
}

// Trust is a browser's own secret, by which it is known as trusted.
type Trust string

// Kind says what somebody gave.
type Kind uint8

const (
	None     Kind = iota // nothing that is good
	Code                 // of the app
	Recovery             // one of the recovery codes, which is spent
)
