"""Where the parts meet: web application, worker, command line, private database, demo nation."""
