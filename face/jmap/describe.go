package jmap

import "slices"

// description is what programs are told of one capability. A type of data that comes is an entry in that of its capability, with its shape beside
// its code; a capability that comes is one line of descriptions. What nobody described fails TestEveryTypeIsDescribed.
type description struct {
	urn     string
	table   map[string]method
	types   []DataType
	methods []Method // those that are none of the standard ones
	structs []Struct
	session string // the struct of what it says of the session; "": nothing
	account string // likewise of an account
}

var descriptions = []description{coreDescription, socketDescription, mailDescription, submissionDescription, vacationDescription, quotaDescription, workDescription, linksDescription,
	blobDescription, principalsDescription, ownerDescription, pushDescription, sieveDescription, mdnDescription, latenessDescription}

// Described is all that the face tells of itself to programs that are made from it.
type Described struct {
	Types   []DataType
	Structs []Struct
	Methods []Method
	Names   []string          // of all methods, in order
	Roles   []string          // that a Mailbox may have
	Session map[string]string // the struct of what a capability says of the session, by capability; "": nothing
	Account map[string]string // likewise of an account
	Needs   map[string]string // the capability that each method needs in using
}

// Describe tells what there is: the methods as they are called, the properties as they are read.
func Describe() Described {
	d := Described{Roles: roleNames(), Session: map[string]string{}, Account: map[string]string{}, Needs: map[string]string{}}
	for _, of := range descriptions {
		for _, t := range of.types {
			d.Types = append(d.Types, t.asRead())
		}
		d.Structs, d.Methods = append(d.Structs, of.structs...), append(d.Methods, of.methods...)
		d.Session[of.urn], d.Account[of.urn] = of.session, of.account
		for name, m := range of.table {
			d.Names, d.Needs[name] = append(d.Names, name), m.capability
		}
	}
	slices.Sort(d.Names)
	return d
}

// asRead is the type with what its code says of what is read.
func (t DataType) asRead() DataType {
	all, usual := t.reads.Properties()
	if len(usual) < len(all) {
		t.Usual = usual
	}
	_, t.Headers = t.reads.(accepter)
	return t
}
