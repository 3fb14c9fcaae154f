// Package iamerr reads the messages with which AWS IAM denies a call.
package iamerr

import "strings"

// Denial returns the principal and the action of IAM's message "User: ARN is not authorized to
// perform: ACTION on resource: ARN because ...". Either is empty if the message does not name it.
func Denial(message string) (principal, action string) {
	if _, rest, ok := strings.Cut(message, "User: "); ok {
		principal, _, _ = strings.Cut(rest, " is not authorized")
		if strings.ContainsRune(principal, ' ') {
			principal = ""
		}
	}
	if _, rest, ok := strings.Cut(message, "perform: "); ok {
		action, _, _ = strings.Cut(rest, " ")
		action = strings.TrimRight(action, ".,;")
	}
	return principal, action
}
