"""Revisions of databases from before the first one that Airflow 3 migrates, and whose they are.

Airflow 3 has one migration in place of these. Source: `revision` and `airflow_version` in
airflow/migrations/versions of Airflow 2.11.0, without those that Airflow 3.3.2 still has.
"""

from __future__ import annotations

_TEXT = """
1.5.0: e3a246e0dc1 1507a7289a2f 13eb55f81627 338e90f54d61
1.5.2: 52d714495f0
1.6.0: 502898887f84 1b38cef5b76e 2e541a1dcfed 40e67319e3a9
1.6.2: 561833c1c74b 4446e08588
1.7.0: bbc73705a13e bba5a7cfc896 1968acfc09e3
1.7.1: 2e82aab8ef20
1.7.1.3: 211e584da130 64de9cddf6c9 f2ca10b85618 4addfa1236f1 8504051e801b 5e7d17757c7a
    127d2bf2dfa7
1.8.2: cc1e65623dc7 bdaa763e6c56 947454bf1dff d2ae31099d61
1.10.0: 0e2a74e0fc9f 33ae817a1ff4 27c6a30d7c24 86770d1215c0 05f30312d566 f23433877c24
    856955da8476 9635ae0956e7
1.10.2: dd25f486b8ea bf00311e1990 0a2a5b66e19d 03bc53e68815 41f5f12752f8
1.10.3: c8ffec048a3b dd4ecb8fbee3 939bb1e647c8 a56c9515abdc
1.10.4: 6e96a59344a4 004c1210f153
1.10.5: 74effc47d867
1.10.7: d38e04c12aa2 b3b105409875 08364691d074 fe461863935f
1.10.8: 7939bcff74ba
1.10.10: a4c2fd67d16b 852ae6c715af 952da73b5eff
1.10.11: a66efa278eea
1.10.12: da3f683c3a5a
1.10.13: 92c57b58940d 03afc6b6f902
2.0.0: cf5dc11e79ad bbf4a7ad0465 b25a55525161 3c20cacc0044 8f966b9c467a 8d48763f6d53
    e38be357a868 b247b1e3d1ed e1a11ece99cc bef4f3d11e8b 98271e7606e2 52d53670a240 364159666cbd
    45ba3f1493b9 849da589634d 2c6edca13270 61ec73d9401f 64a7d6477aae e959f08ac86c
2.0.1: 82b7c48c147f
2.0.2: 449b4072c2da 8646922c8a04 2e42bb497a22
2.1.0: 90d1635d7b86 e165e7455d70 a13f7613ad25
2.1.3: 97cdd93827b8
2.1.4: 092435bf5d12 ccde3e26fe78
2.2.0: 83f031fd9f1c e9304a3141f0 30867afad44a 54bebd308c5f 142555e44c17 7b2661a43ba3
2.2.3: be2bfac3da23
2.2.4: c381b21cb7e4 587bdf053233
2.3.0: 5e3ec427fdd3 786e3737b18f f9da662e7089 e655c0453f75 a3bcd0914482 c306b5b5ae4a
    c97c2ab6aa23 4eaab2fe6582 48925b2719cb 909884dea523 75d5ed6c2b43 b1b348e02d07
2.3.1: 1de7bc13c950
2.3.2: 3c94c427fdf6
2.3.3: f5fcbda3e651
2.4.0: 424117c37d18 44b7034f6bdc 0038cd0c28b4 f4ff391becb5 1486deb605b4 ecb43d2a1842
2.4.2: b0d31815b5a6
2.4.3: e07f49787c9d
2.5.0: ee8d93fcc81e 1986afd32c1b 290244fb8b83
2.6.0: 6abdffdd4815 98ae134e6fff
2.6.2: c804e5c76e3e
"""


def former_revisions() -> dict[str, str]:
    """The Airflow that each revision is new in, by the revision's id."""
    found = {}
    release = ""
    for word in _TEXT.split():
        if word.endswith(":"):
            release = word[:-1]
        else:
            found[word] = release
    return found
