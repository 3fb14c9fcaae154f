package identity

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/internal/awsconfig"
)

// Explicit returns the fingerprint of credentials that a Go program passed and named. It reads
// neither the environment nor a file. The rule and the account are those of a Source.
func Explicit(principal, rule string, account *ServiceAccount) Fingerprint {
	q := &sequence{}
	q.add("ecr-login explicit 1")
	q.add(principal)
	q.add(rule)
	f := Fingerprint{Kind: awsconfig.Explicit}
	if account != nil {
		f.Kind = awsconfig.ServiceAccount
		q.addAccount(account)
	}
	sum := sha256.Sum256(q.bytes)
	f.Sum = hex.EncodeToString(sum[:])
	return f
}

func (q *sequence) addAccount(a *ServiceAccount) {
	q.add("service account")
	q.add(a.Namespace)
	q.add(a.Name)
	q.add(a.UID)
	q.add(a.RoleARN)
}
