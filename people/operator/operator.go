// Package operator is who runs the service: a role on a personal account, which serves while the person has a second factor and a
// proven mobile.
//
// The role opens the operator's area and the services behind it, and no mail: nobody reads a mailbox by it.
package operator

import (
	"time"

	"haven"
	"haven/people/account"
)

// Operator is somebody who has the role.
type Operator struct {
	Person account.Account
	Since  time.Time
	Serves haven.Verdict // whether the role serves now; if not, what is missing
}
