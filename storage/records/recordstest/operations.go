package recordstest

import (
	"errors"
	"testing"
	"time"

	"holm/provisioner/model"
	"holm/storage/records"
)

func testOperations(t *testing.T, s Store) {
	one, two, three := Operation(1, "aaaaaaaaaaaa"), Operation(2, "bbbbbbbbbbbb"), Operation(3, "aaaaaaaaaaaa")
	for _, op := range []model.Operation{three, one, two} {
		if err := s.PutOperation(t.Context(), op); err != nil {
			t.Fatal(err)
		}
	}
	wantOperations(t, s, "aaaaaaaaaaaa", one, three)
	wantOperations(t, s, "bbbbbbbbbbbb", two)
	wantOperations(t, s, "aaaa")
	wantOperations(t, s, "", one, two, three)

	two.Status, two.Steps, two.Error = model.Undone, []string{"network", "volume"}, "disk full"
	two.Ended = two.Started.Add(time.Second)
	for range 2 { // the second time it is there already
		if err := s.PutOperation(t.Context(), two); err != nil {
			t.Fatal(err)
		}
		wantOperations(t, s, "", one, two, three)
	}
	for name, op := range map[string]model.Operation{
		"no id":       {Instance: "aaaaaaaaaaaa"},
		"no instance": {ID: "x"},
		"a NUL":       {ID: "x\x00", Instance: "aaaaaaaaaaaa"},
	} {
		if err := s.PutOperation(t.Context(), op); err == nil {
			t.Errorf("an operation with %s was stored", name)
		}
	}
}

func testOperationsOutlive(t *testing.T, s Store) {
	web := reserve(t, s, 1, "acme", "web")
	if err := s.Drop(t.Context(), web.ID); err != nil {
		t.Fatal(err)
	}
	wantOperations(t, s, web.ID, Operation(1, web.ID))
}

func testOperationsKept(t *testing.T, s Store) {
	web, db := reserve(t, s, 1, "acme", "web"), reserve(t, s, 2, "acme", "db")
	unfinished := []model.Operation{Operation(1, web.ID)} // as it was reserved
	for n, status := range []model.Status{model.Running, model.Undoing} {
		op := Operation(10+n, web.ID)
		op.Status = status
		unfinished = append(unfinished, op)
		putOperation(t, s, op)
	}
	var ended []model.Operation
	statuses := []model.Status{model.Done, model.Undone, model.Stuck}
	for n := range 2 * records.KeptOperations {
		op := Operation(100+n, web.ID)
		putOperation(t, s, op)
		op.Status, op.Ended = statuses[n%len(statuses)], op.Started.Add(time.Second)
		putOperation(t, s, op)
		ended = append(ended, op)
	}
	wantOperations(t, s, web.ID, append(unfinished, ended[records.KeptOperations:]...)...)
	wantOperations(t, s, db.ID, Operation(2, db.ID))
	unfinished[1].Status = model.Undone // the oldest of too many as soon as it ends
	putOperation(t, s, unfinished[1])
	wantOperations(t, s, web.ID, append([]model.Operation{unfinished[0], unfinished[2]}, ended[records.KeptOperations:]...)...)
}

func testRemovedKept(t *testing.T, s Store) {
	const more = 3
	living := reserve(t, s, 1, "acme", "living")
	var want []model.Operation
	for n := range records.KeptRemoved + more {
		inst := reserve(t, s, 2+n, "acme", "web")
		op := Operation(2+n, inst.ID)
		if n != 1 { // whose end nobody has written down
			op.Status = model.Done
			putOperation(t, s, op)
		}
		if err := s.Drop(t.Context(), inst.ID); err != nil {
			t.Fatal(err)
		}
		if n == 1 || n >= more {
			want = append(want, op)
		}
	}
	wantOperations(t, s, "", append([]model.Operation{Operation(1, living.ID)}, want...)...)
}

func putOperation(t *testing.T, s Store, op model.Operation) {
	t.Helper()
	if err := s.PutOperation(t.Context(), op); err != nil {
		t.Fatal(err)
	}
}

func testHost(t *testing.T, s Store) {
	lab := model.Host{LabMode: true}
	for range 2 { // the second time it is so already
		got, err := s.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = true; return nil })
		if err != nil {
			t.Fatal(err)
		}
		same(t, "what SetHost returns", lab, got)
	}
	_, err := s.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = false; return errRefused })
	if !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the callback's own", err)
	}
	got, err := s.Host(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the settings", lab, got)
	if _, err := s.SetHost(t.Context(), func(h *model.Host) error { h.LabMode = false; return nil }); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Host(t.Context()); err != nil || got.LabMode {
		t.Errorf("switched off: %v, %v", got, err)
	}
}

func wantOperations(t *testing.T, s Store, instance string, want ...model.Operation) {
	t.Helper()
	got, err := s.Operations(t.Context(), instance)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the operations of "+instance, want, got)
}
