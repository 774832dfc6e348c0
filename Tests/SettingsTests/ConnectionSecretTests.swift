import Settings
import Testing

@Suite struct ConnectionSecretTests {
    @Test(arguments: [
        ("postgresql://steelyard@db.example/steelyard", false), ("postgres://db/x?sslmode=require", false),
        ("postgresql://u:secret@db/x", true), ("postgres://u:p%40@h1,h2:5432/x", true), ("postgresql://u:@db/x", false),
        ("postgresql://db:5432/x", false), ("postgresql://db/x?password=s", true),
        ("postgresql://db/x?pass%77ord=s", true),
        ("postgresql://db/x?sslmode=require&sslpassword=s", true), ("host=db user=u dbname=x", false),
        ("host=db password=s", true), ("host=db PASSWORD = 's'", true), ("host=db sslpassword='a b'", true),
        ("passfile=/etc/x host=db", false), ("", false), ("host=db password\n=\ns", true),
        ("host=db require_auth=scram-sha-256 scram_client_key=k", true), ("host=db oauth_client_secret=s", true),
        ("postgresql://u?a:s@db/x", true), ("postgresql://u:s@/x", true), ("postgresql:///x?%50ASSWORD=s", true),
        ("postgresql://%75:%73@db/x", true), ("postgresql://db/x?oauth_client_secret=s", true),
    ])
    func `a password is found in either form`(text: String, isThere: Bool) {
        #expect(ConnectionSecret.isIn(text) == isThere)
    }
}
