package notify

import (
	"fmt"
	"slices"
)

// Template is the words of a kind of notice.
type Template struct {
	Name    string
	What    string // it is, for an operator
	Channel Channel
	Subject string // of an e-mail
	Body    string
	Secret  []string // places whose value opens something
	UserID  []string // places whose value says which account
}

// Templates are all of them. None has both what says which account it is and what opens it: these go by different channels (Rules 5).
var Templates = []Template{
	{Name: "registration.passcode", What: "Passcode to register", Channel: Email, Subject: "Your passcode", Secret: []string{"code", "link"},
		Body: "Somebody is registering ((premises)) for a secure mailbox, and gave its GPhC number. This address is the one that the premises is registered with.\n\nThe passcode is ((code)). It is good for ((minutes)) minutes.\n\nThe reference is ((reference)). With it you come back to the application.\n\nIf none of you is doing this, don't pass the passcode on: without it nothing happens. To have it stopped, say so here: ((link))"},
	{Name: "registration.attempt", What: "Registration with a wrong number", Channel: Email, Subject: "Somebody tried to register ((premises))", Secret: []string{"link"},
		Body: "Somebody tried to register ((premises)) for a secure mailbox, and gave a GPhC number that is not that of the premises. There is no passcode.\n\nIf it was one of you, begin again with the right number. The reference of this try was ((reference)).\n\nIf it was none of you, say so here: ((link))"},
	{Name: "registration.completed", What: "Premises registered", Channel: Email, Subject: "((premises)) has a secure mailbox", Secret: []string{"link"},
		Body: "((premises)) was registered. Its mailbox is ((mailbox)). The reference is ((reference)).\n\nIf none of you did this, say so by ((until)), and the mailbox is frozen: ((link))"},
	{Name: "registration.group-attempt", What: "Registration, to the head office", Channel: Email, Subject: "Somebody wants to register ((premises))", Secret: []string{"link"},
		Body: "Somebody wants to register ((premises)), which belongs to your group, for a secure mailbox. What it takes to go on was sent by e-mail. The reference is ((reference)).\n\nIf your group wants none of it, say so here, and it goes no further: ((link))"},
	{Name: "registration.group-completed", What: "Premises registered, to the head office", Channel: Email, Subject: "((premises)) has a secure mailbox", Secret: []string{"link"},
		Body: "((premises)), which belongs to your group, was registered. Its mailbox is ((mailbox)). The reference is ((reference)).\n\nIf that should not have been, say so by ((until)), and the mailbox is frozen: ((link))"},
	{Name: "registration.approval-asked", What: "Application that waits for approval", Channel: Email, Subject: "We have your application for ((premises))",
		Body: "You applied to register ((premises)) for a secure mailbox, without a passcode. The reference is ((reference)).\n\nWe ring the pharmacy at its number in the national list, and ask for ((who)). Then two people decide. By ((until)) you hear from us at this address.\n\nIf you did not apply there is nothing to do."},
	{Name: "registration.approval-attempt", What: "Registration without a passcode", Channel: Email, Subject: "Somebody wants to register ((premises)) without a passcode", Secret: []string{"link"},
		Body: "((who)) wants to register ((premises)) for a secure mailbox, and says that no passcode can be had by its registered e-mail. We ring the premises before anything happens, and two people decide. The reference is ((reference)).\n\nIf that is right there is nothing to do. If it should not be, say so here, and it is stopped: ((link))"},
	{Name: "registration.approved", What: "Passcode of an approved application", Channel: Email, Subject: "Your passcode", Secret: []string{"code"},
		Body: "Your application for ((premises)) is approved. The passcode is ((code)). It is good for ((minutes)) minutes.\n\nThe reference is ((reference)). Give both here: ((portal))\n\nIf the passcode has expired, ask for another one there. You can go on for ((days)) days."},
	{Name: "registration.not-approved", What: "Application that was refused", Channel: Email, Subject: "Your application for ((premises))",
		Body: "Your application ((reference)) for ((premises)) was not approved, for this reason:\n\n((reason))\n\nThe helpdesk tells you what you can do: ((portal))"},
	{Name: "registration.further-granted", What: "More accounts, granted", Channel: Email, Subject: "An account for ((who))",
		Body: "Your local team has agreed. We have written to ((who)), who can read ((mailbox)) as soon as that is answered."},
	{Name: "registration.further-refused", What: "More accounts, refused", Channel: Email, Subject: "No account for ((who))",
		Body: "Your local team has not agreed to an account for ((who)) at ((mailbox)). They say:\n\n((reason))"},
	{Name: "registration.invited", What: "Username, to somebody new", Channel: Email, Subject: "Your username for secure mail", UserID: []string{"username"},
		Body: "You have an account for secure mail. ((who)) named you as ((as)) of the mailbox of ((premises)).\n\nYour username is ((username)).\n\nA temporary password comes to your mobile in a text. With both, activate your account at ((portal)). Any computer will do.\n\nIf it is not you who is meant, say so here: ((link))"},
	{Name: "registration.named", What: "Named at a premises", Channel: Email, Subject: "You were named at ((premises))", Secret: []string{"link"},
		Body: "((who)) named you as ((as)) of the mailbox of ((premises)).\n\nIf that is right, log in and confirm it: ((portal))\n\nIf it is not you who is meant, say so here: ((link))"},
	{Name: "activation.username", What: "Username", Channel: Email, Subject: "Your username", UserID: []string{"username"},
		Body: "You have an account for secure mail.\n\nYour username is ((username)).\n\nA temporary password comes to your mobile in a text. With both, activate your account at ((portal)). Any computer will do."},
	{Name: "activation.password", What: "Temporary password", Channel: Text, Secret: []string{"password"},
		Body: "Your temporary password for secure mail is ((password)). It is good for ((days)) days. Your username comes by e-mail. Activate your account at any computer; if your phone stays at home, write this down."},
	{Name: "activation.corrected-mobile", What: "Mobile was corrected", Channel: Text,
		Body: "A temporary password for secure mail came to this number by mistake. It opens nothing any more. If it was meant for you, ask whoever named you."},
	{Name: "activation.corrected-email", What: "Personal e-mail was corrected", Channel: Email, Subject: "A username came to you by mistake",
		Body: "A username for secure mail came to this address by mistake. The password that goes with it opens nothing any more. If it was meant for you, ask whoever named you."},
	{Name: "activation.done", What: "Account is active", Channel: Email, Subject: "Your account is active",
		Body: "Your account for secure mail was activated at ((time)).\n\nIf that was not you, call the helpdesk at once."},
	{Name: "details.found", What: "Lost details", Channel: Email, Subject: "Your details for secure mail", UserID: []string{"username"},
		Body: "Somebody asked for your details, which we have here.\n\nYour username is ((username)).\n\nYour premises' mailbox is ((mailboxes)).\n\nLog in at ((portal)). If you have no password, use the page for a forgotten one. If you did not ask there is nothing to do."},
	{Name: "login.locked", What: "Account was locked", Channel: Email, Subject: "Somebody tried to log in to your account",
		Body: "At ((time)) your account was locked, after many wrong passwords; the last was given with ((program)) from ((place)). Until ((until)) it can be logged in to only from where you did so before.\n\nIf it was you, and you can't log in: open the account for your browser with a code by text or a passkey: ((portal)). A mail program may have an old password.\n\nIf it was not you, nothing was opened, and there is nothing to do."},
	{Name: "login.locked-text", What: "Account was locked", Channel: Text,
		Body: "Somebody gave wrong passwords for your secure mail account, with ((program)) from ((place)). Until ((until)) new places can't log in to it. If that was you: ((portal)). If not, nothing was opened."},
	{Name: "login.open-code", What: "Code to open a locked account", Channel: Text, Secret: []string{"code"},
		Body: "Your code to open your locked account in one browser is ((code)). It is good for ((minutes)) minutes. Nobody of ours ever asks you for it."},
	{Name: "reset.code", What: "Code for a new password", Channel: Text, Secret: []string{"code"},
		Body: "Your code for a new password is ((code)). It is good for ((minutes)) minutes. Nobody of ours ever asks you for it."},
	{Name: "reset.link", What: "Link for a new password", Channel: Email, Subject: "A new password for your account", Secret: []string{"link"},
		Body: "Somebody asked for a new password for your account. If it was you, go on here within ((minutes)) minutes: ((link))\n\nIf it was not you there is nothing to do."},
	{Name: "reset.done", What: "Password was changed", Channel: Email, Subject: "Your password was changed",
		Body: "The password of your account was changed at ((time)), from ((place)).\n\nIf that was not you, call the helpdesk at once."},
	{Name: "reset.done-text", What: "Password was changed", Channel: Text,
		Body: "The password of your secure mail account was changed at ((time)), from ((place)). If that was not you, call the helpdesk at once."},
	{Name: "vouch.password", What: "Temporary password after vouching", Channel: Text, Secret: []string{"password"},
		Body: "A colleague vouched for you. Your temporary password for secure mail is ((password)). It is good for ((days)) days. Log in at any computer with your own address and choose a new one."},
	{Name: "vouch.person", What: "Somebody vouched for you", Channel: Email, Subject: "((who)) vouched for you", Secret: []string{"link"},
		Body: "((who)) vouched for you at ((time)), as an owner of ((mailbox)), and said how it was made sure that it is you: ((how)). A temporary password went to a mobile number that ((who)) gave. Until you confirm it, and for a day at least, your account opens only mailboxes of ((who)).\n\nSay here whether it was you: ((link))\n\nIf you did not ask for it, say so there at once. Then nobody can use that password."},
	{Name: "vouch.owner", What: "An owner vouched for a colleague", Channel: Email, Subject: "((who)) vouched for ((person))",
		Body: "((who)) vouched for ((person)) at ((time)), as an owner of ((mailbox)). How it was made sure who it is: ((how)).\n\n((person)) gets a new password, and for a day and until ((person)) confirms it the account opens only mailboxes of ((who)).\n\nIf that is not right, speak to ((who)), take the access of ((person)) away, or call the helpdesk: ((portal))"},
	{Name: "vouch.denied", What: "A vouching was wrong", Channel: Email, Subject: "((person)) did not ask ((who)) to vouch",
		Body: "((who)) vouched for ((person)) at ((time)). ((person)) says that it was somebody else. The password that was given opens nothing any more.\n\nLook at what was done with the mailbox since, and call the helpdesk: ((portal))"},
	{Name: "mobile.prove", What: "Code to prove a mobile", Channel: Text, Secret: []string{"code"},
		Body: "Your code is ((code)). Type it where you gave this number. It is good for ((minutes)) minutes."},
	{Name: "mobile.changed", What: "Mobile was changed", Channel: Text,
		Body: "The mobile number of your account for secure mail was changed at ((time)). If that was not you, call the helpdesk at once."},
	{Name: "mobile.changed-mail", What: "Mobile was changed", Channel: Email, Subject: "Your mobile number was changed",
		Body: "The mobile number of your account for secure mail was changed at ((time)).\n\nIf that was not you, call the helpdesk at once."},
	{Name: "email.prove", What: "Code to prove an e-mail", Channel: Email, Subject: "Your code", Secret: []string{"code"},
		Body: "Your code is ((code)). Type it where you gave this address. It is good for ((minutes)) minutes.\n\nIf you gave this address nowhere there is nothing to do."},
	{Name: "email.changed", What: "E-mail was changed", Channel: Email, Subject: "Your personal e-mail was changed",
		Body: "The personal e-mail of your account for secure mail was changed at ((time)). We don't write to this address any more.\n\nIf that was not you, call the helpdesk at once."},
	{Name: "email.changed-text", What: "E-mail was changed", Channel: Text,
		Body: "The personal e-mail of your account for secure mail was changed at ((time)). If that was not you, call the helpdesk at once."},
	{Name: "questions.changed", What: "Questions were changed", Channel: Email, Subject: "Your security questions were changed",
		Body: "The security questions of your account for secure mail were changed at ((time)).\n\nIf that was not you, call the helpdesk at once."},
	{Name: "request.made", What: "Request to decide", Channel: Email, Subject: "((who)) asks for another ((what))",
		Body: "((who)) asks for another ((what)): ((new)).\n\nYou can accept or refuse it, as an owner of the mailbox where ((who)) works: ((portal))"},
	{Name: "request.accepted", What: "Request accepted", Channel: Email, Subject: "Your ((what)) is changed",
		Body: "Your ((what)) is now ((new)). Your address is ((mailbox)).\n\nIf it is another address than before, the old one goes on receiving mail, and nobody but you sees it."},
	{Name: "request.refused", What: "Request refused", Channel: Email, Subject: "Your ((what)) stays as it is",
		Body: "You asked for another ((what)): ((new)). It was refused, for this reason: ((reason))\n\nYou can ask again, or call the helpdesk: ((portal))"},
	{Name: "request.settled", What: "Request settled", Channel: Email, Subject: "A request was settled",
		Body: "The request of ((who)) for another ((what)) was ((how)) by ((by)). There is nothing left to do."},
	{Name: "leaver.left", What: "Post has ended", Channel: Email, Subject: "Your post at ((premises)) has ended",
		Body: "((by)) ended your post at ((premises)), at ((time)). Access to its mailboxes ended with it. Your own mailbox stays, and you go on where else you work: ((portal))\n\nIf that is a mistake, say so on the page of your account, or ask an owner there."},
	{Name: "leaver.last", What: "Last post has ended", Channel: Email, Subject: "Your post at ((premises)) has ended",
		Body: "((by)) ended your post at ((premises)), at ((time)). It was your only one. Access to its mailboxes ended with it.\n\nYou keep your address and read your mail. Give your address to an owner at your next place of work, who takes you on. If nobody does by ((until)), your account and its mail are deleted: ((portal))\n\nIf that is a mistake, say so on the page of your account, or ask an owner there."},
	{Name: "leaver.disputed", What: "A post was ended wrongly, somebody says", Channel: Email, Subject: "((who)) says that the post should not have ended",
		Body: "((who)) says that it was wrong to end the post at ((premises)). The helpdesk knows too. If it was a mistake, give access again on the mailbox's page, and tick that ((who)) works there; if it was right, there is nothing to do."},
	{Name: "leaver.has-left", What: "Colleague has left", Channel: Email, Subject: "((who)) has left",
		Body: "The post of ((who)) at ((premises)) ended at ((time)), and with it the access to its mailboxes."},
	{Name: "leaver.succeeds", What: "Owner of a mailbox", Channel: Email, Subject: "You are the owner of ((mailbox))",
		Body: "((who)) has left, and named you as the owner of ((mailbox)). You say who has access to it: ((portal))"},
	{Name: "member.added", What: "Access to a mailbox", Channel: Email, Subject: "You have access to ((mailbox))",
		Body: "((who)) gave you access to ((mailbox)). It stands among your mailboxes: ((portal))"},
	{Name: "work.released", What: "Held threads are new again", Channel: Email, Subject: "What ((who)) handled in ((mailbox)) is new again",
		Body: "((who)) has no access to ((mailbox)) any more. What ((who)) handled there is new again, and waits for somebody: ((count)).\n\nIt stands among what nobody handles. Look at it, or give it to a colleague."},
	{Name: "work.late-text", What: "Letters not done in time, to an owner", Channel: Text,
		Body: "((letters)) past the time to be done in ((mailbox)). Somebody may be at work on it, but nobody has marked it as done. If it is not done by ((next)), this is passed on. ((portal))"},
	{Name: "work.late", What: "Letters not done in time, to an owner without a mobile", Channel: Email, Subject: "((letters)) past the time to be done in ((mailbox))",
		Body: "((letters)) past the time to be done in ((mailbox)). Somebody may be at work on it, but nobody has marked it as done.\n\nIf it is not done by ((next)), this is passed on: ((portal))"},
	{Name: "work.late-further", What: "Letters not done in time, passed on", Channel: Email, Subject: "((letters)) past the time to be done at ((premises))",
		Body: "In the mailbox ((mailbox)) of ((premises)), ((letters)) past the time to be done, at ((time)). Its owners were told when the time was over, and nobody has marked it as done since.\n\nAsk the premises whether they need help. What the letters say is not shown to you."},
	{Name: "locum.let-in", What: "Locum let in", Channel: Email, Subject: "A locum reads ((mailbox))",
		Body: "((who)) let ((locum)) in to the mailbox ((mailbox)), until ((until)).\n\nIf that is not right, take the access away: ((portal))"},
	{Name: "member.removed", What: "Access has ended", Channel: Email, Subject: "Your access to ((mailbox)) has ended",
		Body: "Your access to ((mailbox)) ended at ((time)). If that is a mistake, ask one of its owners."},
}

// checkTemplates says what is wrong with a table of templates: a name twice, a text with a subject, an e-mail without, a named place that is none,
// and above all one that holds both who and the secret.
func checkTemplates(all []Template) error {
	seen := map[string]bool{}
	for _, t := range all {
		have := places(t.Subject + t.Body)
		switch {
		case seen[t.Name]:
			return fmt.Errorf("notify: template %s is there twice", t.Name)
		case t.What == "":
			return fmt.Errorf("notify: template %s says nothing of what it is", t.Name)
		case (t.Subject != "") != (t.Channel == Email):
			return fmt.Errorf("notify: template %s is an e-mail without a subject, or a text with one", t.Name)
		case len(t.Secret) > 0 && len(t.UserID) > 0:
			return fmt.Errorf("notify: template %s holds both who it is and what opens it", t.Name)
		}
		for _, name := range slices.Concat(t.Secret, t.UserID) {
			if !slices.Contains(have, name) {
				return fmt.Errorf("notify: template %s has no place ((%s))", t.Name, name)
			}
		}
		for _, name := range have {
			if slices.Contains([]string{"username", "address"}, name) && !slices.Contains(t.UserID, name) || slices.Contains([]string{"password", "code"}, name) && !slices.Contains(t.Secret, name) {
				return fmt.Errorf("notify: template %s does not say what ((%s)) is", t.Name, name)
			}
		}
		seen[t.Name] = true
	}
	return nil
}

func templateOf(name string) (Template, bool) {
	i := slices.IndexFunc(Templates, func(t Template) bool { return t.Name == name })
	if i < 0 {
		return Template{}, false
	}
	return Templates[i], true
}
