"""What proves who a person is: passwords, second factors, providers. No storage, no HTTP."""
