// Every route there is, in one table: the router is made of it, and so is the walk of the tests. Each includes this
// file and has a `routes!` of its own.
routes! {
    post   "/auth/register"            server_function;
    post   "/auth/login"               server_function;
    post   "/auth/refresh"             server_function;
    post   "/auth/logout"              server_function;

    get    "/api/me"                   api::account::me;
    post   "/api/account/name"         api::account::rename;
    post   "/api/account/password"     api::account::change_password;
    get    "/api/sessions"             api::sessions::list;
    delete "/api/sessions"             api::sessions::end_all;
    delete "/api/sessions/others"      api::sessions::end_others;
    patch  "/api/sessions/{id}"        api::sessions::label;
    delete "/api/sessions/{id}"        api::sessions::end;
    get    "/api/notices"              api::notices::list;
    post   "/api/notices/seen"         api::notices::seen;
    post   "/api/stamp"                server_function;

    get    "/api/admin/users"          api::admin::users::list;
    post   "/api/admin/users"          api::admin::users::create;
    get    "/api/admin/users/{id}"     api::admin::users::one;
    patch  "/api/admin/users/{id}"     api::admin::users::change;
    get    "/api/admin/sessions"       api::admin::sessions::list;
    delete "/api/admin/sessions"       api::admin::sessions::end_all;
    delete "/api/admin/sessions/{id}"  api::admin::sessions::end;
    get    "/api/admin/audit"          api::admin::audit::list;
    get    "/api/admin/activity"       api::admin::activity::read;

    get    "/.well-known/jwks.json"    jwks;
    get    "/health/live"              live;
    get    "/health/ready"             ready;
}
