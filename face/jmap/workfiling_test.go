package jmap

import (
	"testing"

	"haven/face/jmap/jmapclient"
)

func TestWorkFiling(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	thread := d.letter()
	id := "M" + thread[1:]
	of := func(change object1) object1 {
		o := object1{"emailId": id, "nhsNumber": "943 476 5919", "reference": "PMR 4711", "formats": []string{"pdf", "fhir"}}
		for name, v := range change {
			o[name] = v
		}
		return o
	}
	state := d.ask(d.ben, "WorkFiling/get", jmapclient.Args{"ids": nil})["state"]
	got := d.ask(d.anna, "WorkFiling/set", jmapclient.Args{"create": object1{"f": of(nil), "bare": object1{"emailId": id}, "lost": of(object1{"emailId": "Mzzzzzzzz"}),
		"wrong": of(object1{"nhsNumber": "9991234567"}), "long": of(object1{"reference": "a\nb"}), "doc": of(object1{"formats": []string{"doc"}}), "odd": of(object1{"colour": "red"})}})
	filing, _ := when(got, "created", "f", "id").(string)
	d.is("who filed it", when(got, "created", "f", "filedByName"), anna)
	d.is("the number without spaces", when(got, "created", "f", "nhsNumber"), "9434765919")
	for cid, property := range map[string]string{"lost": "emailId", "wrong": "nhsNumber", "long": "reference", "doc": "formats", "odd": "colour"} {
		d.is(cid, when(got, "notCreated", cid, "type"), "invalidProperties")
		d.is(cid, when(got, "notCreated", cid, "properties"), []string{property})
	}
	d.is("what is missing", when(got, "notCreated", "bare", "type"), "invalidProperties")
	d.is("why", when(got, "notCreated", "wrong", "description"), "This is no NHS number: its last digit does not fit the others. Compare it with the letter.")
	letter := d.ask(d.ben, "Email/get", jmapclient.Args{"ids": []string{id}, "properties": []string{"keywords"}})
	d.is("keywords", when(letter["list"].([]any)[0], "keywords"), object1{"$havenfiled": true})

	got = d.ask(d.ben, "WorkFiling/set", jmapclient.Args{"create": object1{"f": of(nil)}, "destroy": []string{filing, "Rzzz"}})
	d.is("what was filed already", when(got, "notCreated", "f", "type"), "filedAlready")
	d.is("by whom", when(got, "notCreated", "f", "filedByName"), anna)
	d.is("when", when(got, "notCreated", "f", "filedAt"), date(d.Clock.Now()))
	d.is("a colleague's", when(got, "notDestroyed", filing, "type"), "notYours")
	d.is("none", when(got, "notDestroyed", "Rzzz", "type"), "notFound")
	got = d.ask(d.anna, "WorkFiling/set", jmapclient.Args{"update": object1{filing: object1{"nhsNumber": "9990000018"}, "Rzzz": object1{}}})
	d.is("a change", when(got, "notUpdated", filing, "type"), "invalidProperties")
	d.is("a change of none", when(got, "notUpdated", "Rzzz", "type"), "notFound")
	got = d.ask(d.ben, "WorkFiling/set", jmapclient.Args{"again": []string{id}, "create": object1{"f": of(object1{"reference": nil})}})
	second, _ := when(got, "created", "f", "id").(string)

	list := d.ask(d.ben, "WorkFiling/get", jmapclient.Args{"ids": []string{filing, second, "Rzzz", "x"}})
	first, _ := list["list"].([]any)[0].(map[string]any)
	d.is("of whom", first["nhsNumber"], "9434765919")
	d.is("the reference", first["reference"], "PMR 4711")
	d.is("no reference", when(list["list"].([]any)[1], "reference"), nil)
	d.is("as what", first["formats"], []string{"pdf", "fhir"})
	d.is("what is not", list["notFound"], []string{"Rzzz", "x"})
	d.is("changes", d.ask(d.ben, "WorkFiling/changes", jmapclient.Args{"sinceState": state})["created"], []string{filing, second})
	for _, filter := range []object1{{"threadId": thread}, {"emailId": id}, {"emailId": id, "threadId": thread}, nil} {
		d.is("the query", d.ask(d.ben, "WorkFiling/query", jmapclient.Args{"filter": filter})["ids"], []string{filing, second})
	}
	for _, filter := range []object1{{"threadId": "Tzzz"}, {"emailId": "x"}, {"emailId": id, "threadId": "Tzzz"}} {
		d.is("the query of none", d.ask(d.ben, "WorkFiling/query", jmapclient.Args{"filter": filter})["ids"], []string{})
	}
	got = d.ask(d.ben, "WorkFiling/queryChanges", jmapclient.Args{"sinceQueryState": state, "filter": object1{"threadId": thread}})
	d.is("what came", got["added"], []any{object1{"id": filing, "index": 0}, object1{"id": second, "index": 1}})
	d.is("it is taken back", d.ask(d.anna, "WorkFiling/set", jmapclient.Args{"destroy": []string{filing}})["destroyed"], []string{filing})
	d.is("what is left", d.ask(d.ben, "WorkFiling/query", jmapclient.Args{})["ids"], []string{second})
}
