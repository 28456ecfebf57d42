package main

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"holm/cmd/holm/clitest"
	"holm/internal/atomicfile"
	"holm/internal/wiretest"
	"holm/provisioner/model"
	"holm/storage/records"
)

var docs = filepath.Join("..", "..", "docs")

// printed is a document that a verb prints with -o json, and command lines that make it do so. What changes with a flag has a line of its
// own. STATE is a state directory with records, FILE one of evidence, KEY an SSH key.
type printed struct {
	verb, schema string // below docs
	lines        []string
}

func documents() []printed {
	return []printed{
		{"audit archive", "api/v1/audit-archive.json", []string{"audit archive STATE/a.jsonl --keep 1", "audit archive STATE/a.jsonl"}},
		{"audit checkpoint", "api/v1/signed-checkpoint.json", []string{"audit checkpoint"}},
		{"audit ls", "api/v1/audit-entry-list.json", []string{"audit ls", "audit ls --all"}},
		{"audit verify", "api/v1/audit-verdict.json", []string{"audit verify"}},
		{"audit-caps", "api/v1/capability-audit.json", []string{"audit-caps web"}},
		{"create", "api/v1/instance.json", []string{"create new"}},
		{"create --dry-run", "api/v1/instance-base.json", []string{"create new --dry-run"}},
		{"docker-context", "api/v1/docker-context.json", []string{"docker-context web"}},
		{"doctor", "api/v1/host-report.json", []string{"doctor"}},
		{"doctor --fix", "api/v1/host-check.json", []string{"doctor --fix ksm"}},
		{"evidence verify", "evidence/v1.json", []string{"evidence verify FILE --any-key"}},
		{"expose", "api/v1/exposure-list.json", []string{"expose", "expose web 443:8443"}},
		{"flavor ls", "api/v1/flavor-list.json", []string{"flavor ls"}},
		{"flavor set", "api/v1/flavor-list.json", []string{"flavor set small --cpus 2"}},
		{"host set", "api/v1/host.json", []string{"host set --lab-mode on", "host set --site NO-OSL1 --nameserver 192.0.2.53"}},
		{"host show", "api/v1/host.json", []string{"host show"}},
		{"image build", "api/v1/image.json", []string{"image build"}},
		{"image ls", "api/v1/image-list.json", []string{"image ls"}},
		{"image rm", "api/v1/image-list.json", []string{"image rm debian-13 --yes --dry-run"}},
		{"image show", "api/v1/image.json", []string{"image show debian-13"}},
		{"image verify", "api/v1/image-verdict.json", []string{"image verify debian-13"}},
		{"ls", "api/v1/instance-summaries.json", []string{"ls", "ls --tenant nobody"}},
		{"operation ls", "api/v1/operation-list.json", []string{"operation ls", "operation ls web --all"}},
		{"operation show", "api/v1/operation.json", []string{"operation show OPERATION"}},
		{"pool add", "api/v1/pool.json", []string{"pool add slow /srv/slow"}},
		{"pool check", "api/v1/pools-checked.json", []string{"pool check", "pool check --news"}},
		{"pool create", "api/v1/pool.json", []string{"pool create slow --raid1 --yes /dev/nvme0n1 /dev/nvme1n1"}},
		{"pool ls", "api/v1/pool-list.json", []string{"pool ls"}},
		{"pool rm", "api/v1/pool.json", []string{"pool rm fast --yes"}},
		{"pool show", "api/v1/pool.json", []string{"pool show fast"}},
		{"rebuild", "api/v1/instance-list.json", []string{"rebuild web --keep-state"}},
		{"reconcile", "api/v1/reconciled.json", []string{"reconcile", "reconcile --dry-run"}},
		{"resize", "api/v1/instance-list.json", []string{"resize web --disk 40G"}},
		{"restart", "api/v1/instance-list.json", []string{"restart web"}},
		{"rm", "api/v1/removed-instances.json", []string{"rm web off --yes"}},
		{"set", "api/v1/instance-list.json", []string{"set web --nameserver 192.0.2.53"}},
		{"show", "api/v1/instance.json", []string{"show web", "show build --tenant acme"}},
		{"show --files", "api/v1/seeded-files.json", []string{"show web --files"}},
		{"ssh-config", "api/v1/ssh-host-list.json", []string{"ssh-config", "ssh-config web"}},
		{"start", "api/v1/instance-list.json", []string{"start off", "start off --dry-run"}},
		{"start --all", "api/v1/instance-summaries.json", []string{"start --all", "start --all --dry-run"}},
		{"stats", "api/v1/instance-stats-list.json", []string{"stats", "stats web"}},
		{"stop", "api/v1/instance-list.json", []string{"stop web"}},
		{"stop --all", "api/v1/instance-summaries.json", []string{"stop --all"}},
		{"tenant create", "api/v1/tenant.json", []string{"tenant create bolt --instances 5 --ssh-key KEY"}},
		{"tenant ls", "api/v1/tenant-list.json", []string{"tenant ls"}},
		{"tenant rm", "api/v1/tenant.json", []string{"tenant rm acme --yes"}},
		{"tenant rotate-key", "api/v1/rotated-key.json", []string{"tenant rotate-key acme"}},
		{"tenant set", "api/v1/tenant.json", []string{"tenant set acme --residency EEA"}},
		{"tenant show", "api/v1/tenant.json", []string{"tenant show acme"}},
		{"unlock", "api/v1/host-key.json", []string{"unlock"}},
		{"verify", "api/v1/verification-list.json", []string{"verify web", "verify web off"}},
		{"version", "api/v1/version.json", []string{"version"}},
		{"wait", "api/v1/instance-list.json", []string{"wait web"}},
	}
}

// otherwise are the verbs that print no document of these, and what they print.
func otherwise() [][2]string {
	return [][2]string{
		{"audit export", "a line of JSON an entry, as it is stored, and a signed checkpoint: [AUDIT](AUDIT.md)"},
		{"completion", "a script for a shell"},
		{"console", "what the instance writes"},
		{"cp", "nothing"},
		{"evidence", "a DSSE envelope, whatever `-o` says: [EVIDENCE](EVIDENCE.md)"},
		{"exec", "what the command prints"},
		{"flavor reset", "nothing"},
		{"image lock", "nothing: it writes a file"},
		{"inventory", "an inventory in Ansible's own form, whatever `-o` says"},
		{"kubeconfig", "a kubeconfig, whatever `-o` says"},
		{"logs", "what the instance wrote"},
		{"ssh", "what the session prints"},
	}
}

// setting is what command lines are tried in: a world, and a state directory with records and files.
type setting struct {
	*world
	words *strings.Replacer
	state string
}

func newSetting(t *testing.T) setting {
	t.Helper()
	s := setting{world: newWorld(), state: t.TempDir()}
	store := records.Open(filepath.Join(s.state, "holm.db"))
	for _, name := range []string{"acme", "bolt", "cog"} {
		if err := store.AddTenant(t.Context(), model.Tenant{Name: name}, func([]model.Tenant) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	file, key := filepath.Join(s.state, "web.evidence.json"), filepath.Join(s.state, "key.pub")
	known, own := filepath.Join(s.state, "instances", "0123456789ab", "known_hosts"), filepath.Join(s.state, "keys", "ssh_ed25519")
	for _, path := range []string{known, own} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for path, content := range map[string]string{
		known: "0123456789ab ssh-ed25519 AAAAC3Nza\n",
		own:   "holm's own\n",
		file:  s.Run(t, "--state", s.state, "evidence", "web").Out,
		key:   "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIyRcXnvkKPQ0jZIHJXwLx5nYBDlQDBP0V2oLHEqVCaO ops@example.org\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.words = strings.NewReplacer("STATE", s.state, "FILE", file, "KEY", key, "OPERATION", s.History[0].ID)
	return s
}

func (s setting) try(t *testing.T, line string) clitest.Outcome {
	t.Helper()
	args := append([]string{"--state", s.state, "-o", "json"}, strings.Fields(s.words.Replace(line))...)
	return s.Run(t, args...)
}

func TestWhatEachVerbPrintsIsAsItsSchemaSays(t *testing.T) {
	for _, p := range documents() {
		t.Run(p.verb, func(t *testing.T) {
			schema, err := os.ReadFile(filepath.Join(docs, p.schema))
			if err != nil {
				t.Fatal(err)
			}
			s := newSetting(t)
			for _, line := range p.lines {
				got := s.try(t, line)
				if err := wiretest.Strictly(schema, []byte(got.Out)); err != nil {
					t.Errorf("holm %s ended with %d; its document is not as %s says: %v\n%s%s", line, got.Code, p.schema, err, got.Out, got.Err)
				}
			}
		})
	}
}

// A verb that is new has its document in the list, or is among those that print none.
func TestEveryVerbSaysWhatItPrintsForPrograms(t *testing.T) {
	var listed []string
	for _, p := range documents() {
		verb, _, _ := strings.Cut(p.verb, " --")
		listed = append(listed, verb)
	}
	for _, o := range otherwise() {
		listed = append(listed, o[0])
	}
	var there []string
	walk(tree(t), func(cmd *cobra.Command) {
		verb := strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), "holm"), " ")
		if strings.Contains(cmd.Use, " VERB") || verb == "" || verb == "help" { // a noun does nothing by itself
			return
		}
		there = append(there, verb)
	})
	slices.Sort(listed)
	slices.Sort(there)
	if diff := cmp.Diff(there, slices.Compact(listed)); diff != "" {
		t.Errorf("what each verb prints for programs (-verbs that there are +verbs in the lists):\n%s", diff)
	}
}

// Each document is printed by some verb.
func TestEverySchemaIsThatOfAVerb(t *testing.T) {
	files, err := os.ReadDir(filepath.Join(docs, "api", "v1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.ContainsFunc(documents(), func(p printed) bool { return p.schema == "api/v1/"+file.Name() }) {
			t.Errorf("nobody prints %s", file.Name())
		}
	}
}

func TestTheDocumentListsWhatVerbsPrint(t *testing.T) {
	const from = "## Which verb prints what\n"
	path := filepath.Join(docs, "API.md")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(content), from)
	if !found {
		t.Fatalf("%s has no part %q", path, from)
	}
	var b strings.Builder
	b.WriteString(head + from + "| verb | document |\n|---|---|\n")
	for _, p := range documents() {
		b.WriteString("| `" + p.verb + "` | [" + strings.TrimSuffix(filepath.Base(p.schema), ".json") + "](" + p.schema + ") |\n")
	}
	b.WriteString("\n## What has a form of its own\n| verb | what it prints |\n|---|---|\n")
	for _, o := range otherwise() {
		b.WriteString("| `" + o[0] + "` | " + o[1] + " |\n")
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := atomicfile.WriteBytes(path, 0o644, []byte(b.String())); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), string(content)); diff != "" {
		t.Errorf("%s (go test ./cmd/holm -run TheDocumentLists -update):\n%s", path, diff)
	}
}
