package iamerr

import "testing"

func TestDenial(t *testing.T) {
	t.Parallel()
	const user = "arn:aws:iam::123456789012:user/builder"
	tests := []struct{ message, principal, action string }{
		{"User: " + user + " is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action", user, "ecr:GetAuthorizationToken"},
		{"User: " + user + " is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/pull", user, "sts:AssumeRole"},
		{"Not authorized to perform: sts:AssumeRoleWithWebIdentity.", "", "sts:AssumeRoleWithWebIdentity"},
		{"Not authorized to perform sts:AssumeRoleWithWebIdentity", "", ""},
		{"Access denied", "", ""},
		{"", "", ""},
		{"User: nobody in particular is not authorized", "", ""},
		{"User: " + user, user, ""},
		{"perform: ", "", ""},
	}
	for _, test := range tests {
		if principal, action := Denial(test.message); principal != test.principal || action != test.action {
			t.Errorf("%q: %q, %q", test.message, principal, action)
		}
	}
}
