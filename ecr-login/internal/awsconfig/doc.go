// Package awsconfig finds where AWS credentials come from, without a call to AWS.
//
// Its promise: [Config.Resolve] returns the source that the AWS CLI would use, or an error with the
// difference. It never returns another principal's source. The order of the sources, the parsing of
// the files and the names of the settings follow botocore (credentials.py, configloader.py and
// Python's configparser), because the AWS SDK for Go differs from the AWS CLI in all three.
//
// It accepts some files on which the AWS CLI stops with an error: duplicate sections and settings,
// lines without "=", quotes and trailing comments around values that cannot contain any, and a byte
// order mark. Unlike the AWS CLI, it rejects a chain of more than 64 profiles linked by
// source_profile.
package awsconfig
