// Package records is what holm remembers: instances, operations, tenants with their keys and users, pools, flavors, the host's
// settings, and the audit log of every change of them. It lives in one bbolt file that is opened for the moment of each
// transaction only, so that commands at work at the same time do not wait for each other, and a command that was killed holds
// nothing.
//
// In the file:
//
//	meta        schema → its version; host → settings (JSON); audit → hash of the last entry; audit-base → Base (JSON)
//	instances   id → Instance (JSON)
//	names       tenant NUL name → id
//	summaries   tenant NUL name → Summary (compact: a list of thousands decodes no JSON)
//	operations  instance id NUL operation id → Operation (JSON)
//	removed     number (8 bytes, big-endian) → id of an instance that is gone, oldest first, as far as its operations are kept
//	pools       name → Pool (JSON)
//	tenants     name → Tenant (JSON)
//	tenant-keys tenant → TenantKey (JSON)
//	users       number → TenantUser (JSON), also of tenants that are gone
//	flavors     name → Flavor (JSON)
//	audit       sequence number (8 bytes, big-endian) → AuditEntry (JSON), each with the hash of the one before
//	audit-base  object → content, as the entries said that were archived and dropped
//
// Every transaction that changes something appends an audit entry for each record that it changes, in the same transaction.
package records
