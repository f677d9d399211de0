// Package profile is what others find of a person and how the person is reached: job title, telephone, mobile and personal e-mail, and whether
// the directory shows the mobile (Rules 8). A mobile or a personal e-mail is changed with a code that goes to the new one.
package profile

import (
	"time"

	"haven/people/account"
)

// Profile is one person's. Everything but the personal e-mail is for the directory; the mobile only where MobileShown.
type Profile struct {
	Person      account.Account
	First, Last string
	Job         string          // as approved; that of the first post where none was; "" without a post
	Speciality  string          // what the person knows best, such as "Palliative care"; "": none
	Note        string          // what colleagues should know, such as the days at work; "": none
	Telephone   string          // at work, as the person writes it; "": none
	Mobile      account.Contact // zero: none
	Email       account.Contact // zero: none; shown to the person alone
	MobileShown bool
}

// Asked is a code that is on its way to a new mobile or e-mail.
type Asked struct {
	To    string
	Until time.Time // when the code is of no use any more
}
