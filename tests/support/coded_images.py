# SPDX-License-Identifier: Apache-2.0
"""Small pictures in formats that are hard to write by hand, and what they decode to: FILES maps a name
to the file and to its pixels, red, green and blue.

Base85. Where the pixels are no picture of image_files.py, they come from another decoder, compressed by
zlib; None is an animation."""
import base64
import zlib

SHARP, GRAY, BLACK_AND_WHITE, YCC, YCC420 = range(5)

TEXTS = {
    "baseline.jpg": (
        "|JeWF01!$>Nk#wx0RR9200961|JwjV00smF1_cBL1_cHO2L=cV5DE$j2?`Vr4-60&6c`v66c!d59VH(c8zUSR79c"
        "DjBPJ&)Dk&KsEif%8FeNA{DF534LjeZ|2MP!Z6AB6wC>j<TC@3f>C@3f>C@3f>C@3f>C@3f>C@3f>C@3f>C@3f>C"
        "@3f>C@3f>C@3f>C@3f>C@BBH01*fP2LK5J0U`hb5di}c0sq7R9{>OW1pxs80RaI300000000010s{mE1_uZU3Jd?"
        "l0JRVR0s#X90t5pE1q1{D00Dgg0s{a95d{(<F+m0sQDFxnaTGFvk)a49Lb1UWQqk}vGh%Xr2?`b$7#SKRCMPH<Dl"
        "|1VH#j*uLqtVJM@UIZQ&d$}S6EqEV`OD!XJ~0^b98lfcX)YvgM@{Khlq)al9QB`mY0~BnxdnmrKYE-sj9NGw6(Uk"
        "xVgH*!^FkL$H>Xb($mz{*4NnC+Tr5k<mKk)=;`Y5^7Hid_V@Vt`v1fL9{~UZ0RaI40RaI40RR91000010s{mE1_u"
        "ZU3Jd?l0JRYS0s#U91Oo&I1q1{D0Rndb0RjUN1O*{61`<J02Vrp&A~Jyp6he`qvB3!=Gg9ysVsg<679=#`CGi&+8"
        "5$-hC@Cs6Ha9pqIzvQ7Mn_0VN>fx-R##YAT4Q8oW@l(=YIAgTc6WGrdV+(5g@%WSiHeewl$Dm3n3<ZQqok##r>Lo"
        "_va__cwzs&sy28W6#m2|T$;#5x)YaD4*xB0R<K*S$=jiF`^7Hid_V@Vt`v2Mh3<CiG0ucid06zeV+Vt_(t^Kt7(M"
        "2icxO@C3R}E5+)Y1Rh",
        "c-jHI07CyGzd|g&LO-}gRI)^Bs6~OGLzS6DrIbXnkVYW6M=7^QJF`hptVw60NPU_}l9EWGj!CYINgc6MD6dmGs#H"
        "&-Rc4t~e3Dd=id3P6Rjq<m9jRg_sA4*zV@{i6WRhchier$2W1xOxt$Sn~pm8OhaX6TBOp$bDh;n&<agKU(o^^Apa"
        "B>-yc_fs4HjjNuh<#yxe0O$yj&FXPYksI_eH)L2B#wkPiG@pog<^PxcyNV{X@#6+g{WYK2N6`%"),
    "progressive.jpg": (
        "|JeWF01!$>Nk#wx0RR9200961|JwjV01XKW3knDg3knMk4h;_zAQcl55)&sJ9v2`kDKRiEDJ?8BI!Zn>HbyrrEkI"
        "X6ModmpQ&KWMT47pHU`kO^PygEhLjevB4iga*CKVMXPc<zyPft%zPft%zPft%zPft%zPft%zPft%zPft%zPft%zP"
        "ft%zPft%zPft%zPft%zPf!2C01*fP2LK5J0U-ba5di}c0sq7R6#xMN00000000000000000033|HJ?l0RaI30000"
        "00000000000009I4+5ij#0RRFJ0}ucJ0V;3*!~hl$0RaI3000000000000000009yI+5iXv0RRC70+p}-!~ho&00"
        "RL4000000000000000009Id|Jncu0RsU6KLMFw|HJ?m5dZ@K00000000000000000034|Jncu0RjO5KLK(-|HJ?k"
        "5CH%H00000000000000001*G$00;pA00ut-KmWu46c7Ob000000000000000000pG+5iXv0RRC%As_$R01N{G00I"
        "C50000GU;o4a6cGUc00000000000000000030+5iXv0|5a)5O4p)02L7d0RR910000000000000000sq<n2mt~C0"
        "Y4Cn|HJ?k5CH%H00000000000000001*G$00;pA00BP`2mjd",
        "c-jHI07CyGzC0_uJvg{MOR_&=sXuw5LX4Y0o|8eWk3S;0MJl&OIJ8Dftw>|0NqC-1j+RNFk4mkKNg}dSDz8*GtW-"
        "*+R$`u5c$Qj@j#!_ES*?UvBdBI8re`>zW=x!EVU%fijBAXAX`X#*t$JxAo^mUjb2yiEOObbBi+6W}d5wE_o^*Jua"
        "d#w^eJqoHIFEl!iGpH+fp>a?jdFpXYl5t3fh3TFERBRXiGxgohGBe%cXWx3Y=@p@h^%6V_u^Gw"),
    "gray.jpg": (
        "|JeWF01!$>Nk#wx0RR9200961|JwjV015{O2nPlV2nYxZ3JMDj7!VE(4GtX@77-XDA0;FrA0i<pD>pADDKse|A}~"
        "QQG&wsyK0YNbL`g$DNH;w`JO97{3kU!Q00{vB5di<h03QGV0R;g80RaI400000000000RjUA1qKHQ2?`7U!~nGr0"
        "0IF60|EpC1qB2I0004f0RjU61Q7)iAu&M)6H#FYB5@QlfsvsIBSNvk6;jdgBr{@if(Z&17Z@2DB_<~*DJnEIHa9p"
        "qIzvQ7Mn_0VN>fx-R##YAT4Q8oW@l(=YIAgTc6WGrdV_?8hKGoWijtF*m6n&7nVO=bq@|{(sHv*5v$VCgx45~w!o"
        "$SH#>dFX%F@%+)z;V8+1laa<K*S$=jiF`@$&QZ_4fDp`TGCb00;pA002J#WLGAp`%QoU*#",
        "c-l?PNe+b|5CqT@14b~6$`p_={VV^DZ0K#hstzH<7*k5``_@`}?{m)Icg{KQ{hqeg0E{t=G538x&$EM43K-705JD"
        "*hW`Xd%$T?F=8DrOV?Z8?KfDm#V$9bLrU_nZ$wO#-rgfU(zbXN*>0Drn(U1|"),
    "cmyk.jpg": (
        "|JeWT01iQ9Z(?NtWB>pF0095n07C!@2L}iT1_}rW2nz}d3l10%4h;<s9TgT47$YAgBqARoAtoy~FD5B8DIp>-K`}"
        "HrJ3c->B`!osLp(?~Jw7}CzyK5o00#gG1Va%3O%VWD5dcdO0RO}Q9{>OW1pxs80RaI300000000010s{mE1_uZU3"
        "Jd?l0JRVR0s#X90t5pE1q1{D00Dgg0s{a95d{(<F+m0sQDFxnaTGFvk)a49Lb1UWQqk}vGh%Xr2?`b$7#SKRCMPH"
        "<Dl|1VH#j*uLqtVJM@UIZQ&d$}S6EqEV`OD!XJ~0^b98lfcX)YvgM@{Khlq)al9QB`mY0~BnxdnmrKYE-sj9NGw6"
        "(UkxVgH*!^FkL$H>Xb($mz{*4NnC+Tr5k<mKk)=;`Y5^7Hid_V@Vt`v2Mh4g^C0O#oQ{O8@{r0KxEI{IjdtmaKW?"
        ")@Swt`U>=F^oqs));^|>>;?1`SO3`",
        "c-jTQF=|3V5CG6a>;?7^v+Z=-3|3)^KmyY^AaMxlpt7HQ!H>9tK>`NM7776yZ|QsC0r3v$2Kf*84Ehaa4|RanLHN"
        "gb#dN{^gM38YVcB5quq`k&iocXjln=xMX-{QEbwTZe!kOcV(}DBA+_SE@%(xo2F^8kXDrqaZ6JCmbN|{I<OM90vS"
        "nMsWEzgaorfNm3zFB**@a1vsY3_OItghna)hl}&`4cuVND="),
    "lossy.webp": (
        "Qb|TeKmY&$S4BclR!}$~GynhqumJ#_0V)Xq2LJ*<I3=h8bO7^I!GHkp$XJN{{1)Lv{P)XF%|jA?spn7VEa-e!zkm"
        "P$",
        "c-jHI07CyNz(O#+LP5AhRIo;Ar$u|9MvR?Do0Uhdjz=iEM=rNVKe9<st4L;|NqL(|i<eB9kV>qGNhPvSEv`^KsZ&"
        "p)Qe~M_cal<xj#Zb3Q>lPcC8}L4rd>UuUr?D~WRYKYiD8L_VwZkmsCZ!~p>HjoZ$6oEQIT?Ih;ev<a*BR*nss!mZ"
        "*wP@eJz!JK9GP=iGOB)fOvU-iFJdSZGo(2fFh5EDvO3YhKNpohhuk%c5sP^Y>b#>im6_S1?W{B"),
    "lossless.webp": (
        "Qb|TeL;wH)S4BclR!}%hHvj+tF9rYs0J)6lf9#?N(f@D|W*ZUA<DAalWE6V|3DQt9xdVc18<2@y<RX{6)e^Z5^#u"
        "x1sKNvQ",
        SHARP),
    "alpha.webp": (
        "Qb|TeMgRZ+S4BclR!}%hIRF3vF9rYs5V?%#f9#?N(f@D|W*ZUA<DAalWE6V|3DQt9xdVc18<2@y<RX{6)iPzd9?}"
        "<}5DKL*0ss",
        SHARP),
    "animation.webp": (
        "Qb|TedI10cS4BclR!}%t3IG5A5&!@I1^@sA002QwNlgX-0000000000K~7CZqyPW_00000000I600aO400002R!}"
        "%hi~s-tF9rYs02iT<kt7LpKAhuNjbm#Ng>Bomu?_+qViN#hlKE2Lq_7qq!mY=0pfNlIw6J6T<N4n_{C~SCQ-A`%?"
        "L1&o5+%WGCxMf)C<|gc7qnDJg@Ek%pinhcLuY4&g%Xqi&yEWPH3EYG0L#W^+d3oqACT!#*Mo&k{d`2aJg%QAU*-+"
        "CiEY0KK~7CZq5uE@00000000I600aO400000R!}%hiU0rrF9rYs5bvOnkt7Lpp2b;?6*z!nYY+vEB(*`x7hpWVCb"
        "q3cbf|!eK}2$ajSNQ6k!7&S#JWhu{Kv-s=IOuNO-uj*2x$625P}FoOw$^15k?qc-lrsyL=vKy-Vlpqk`c<ZM0nDH"
        "VcSTGbH~hl4-?V<cxHuH^xF;5@c(oqE65$lPO^8Q1Pu",
        None),
    "lossless.jp2": (
        "0000CYEU2`4GM<}0000KW^{RQYH%_j00000YH%_j0000jYH%`W0000MX=r3}000050000700RdH0000001sntY;p"
        "kr000005C8xH1Zr?HWB*V8Q2;Lh000002LJ#71poj500000000002LJ#71poj5000000009A0RaaA0S5sA|55-90"
        "0001009I900IA800%%oNJvosWB?@q0Yh?SVRU6=AYyqSPjF>!N>D{dAa-SPb7^mGATlmBE;Rp;015yA0001q00IA"
        "#&$KiNKDl*2Nv?pBCga=}&$KiJu^&1G;eeJWA&F+c-+*`=K0_+is%qLoQN|%%W`EDX5<bvKeV{-Zf3npW>*s$I7R"
        "TBNKLD70pkNZ8XfF&Kh543$TK|6y1>euWB7Ol8_yPb9S;?yz4ERSEBp2@pmVrM5w#04!*#",
        SHARP),
    "alpha.jp2": (
        "0000CYEU2`4GM<}0000KW^{RQYH%_j00000YH%_j0000_YH%`W0000MX=r3}000050000700ajI0000001sntY;p"
        "kr000005C8xGB4cD_W&i{L000000RRC2000620ssI20{{a60RR91009eXa57{6PybN>G5`Po000L7000F5000000"
        "0000000L7000F500000000001P1{D2LS;G0RaaA0sm3}3;+NC0RR951ONg5TmS?>K>uU_B>(|Ka%Ew3Wn>^?c_2@"
        "4Wo}APMMofZWpZ<AZ*CwmE;TMR|BwI*000000FVFy|C7(Oj1f-ZF``*+HX|y$ljrM+Ad9_TfeG)Bvs(1tYb7<1zN"
        "f(V&$N&ccvscPMa21ne`!7#j|;Y8#9m$348}UQ7*b){A{x1fcMsLiw3HM6st+P5KZSWYW?)8o$aV8GbM9MJigRg?"
        "UFeP3wQhJyv__)C=M)i8R4KVS0K!6F|Je",
        SHARP),
    "gray.j2k": (
        "|4;u>04V?f0000700005000000000000007000050000000000009R90sm3}3;+NC0RR951ONg5TmS?>K>uU_B>("
        "|Ka%Ew3Wn>^?c_2@4Wo}APMMofZWpZ<AZ*CwmE;TMR|BwI*0000005t#s|C7(OkP-Ux+b)bP!;a)`w(%lD$dAGXm"
        "!d*Kk5tGZXC;)6a8uI`EC1O",
        GRAY),
    "deep.j2k": (
        "|4;u>04V?f0000700005000000000000007000050000000000009pH0sm3}3;+NC0RR951ONg5TmS?>fd6CwB>("
        "|Ka%Ew3Wn>^?c_2@4Wo}APMMofZWpZ<AZ*CwmE;TMR|BwI*0000009XJ4|C7)BF&Gj0^V=?rEyIrFZnp6vZP?$#I"
        "NuC<Kx3W@Er8sf9@&6kFR+CUu%lm<7AXm5MmNYyc}vRgA9;0A?rs=Li01u1IPL*g|Je",
        GRAY),
    "tiles.j2k": (
        "|4;u>051Rl000070000500000000000000400004000000000000RdB0S5sA2LS>9QUDA90003100aa80smY81VB"
        "LlWB?@q0Yh?SVRU6=AYyqSPjF>!N>D{dAa-SPb7^mGATlmBE;Rp;015yA0000?00IA#&$L7lPT{PYHF`?#hXtHtt"
        "db%h&$LJpcvsbao8G#vnR^VQZ@TN~1JATb6aK0XA~@gigK1BnS#*YOV?Y0p015yB0000!00IA#&$KWWanfK{Bx2i"
        "-n(cbev@{2N>%kI~K)#+|<S*0Dv^W$izhTr~odV#^Aj>{a|BwI*00IC2044wd|C7(O6b5RJKo`f<2nye}=FhYk0`"
        "&H$1b_dK015yD0000Z00IA#&$JK$*Hb3Xv=9PtVlU6M5DWDI^Z(f",
        SHARP),
    "lossy.jp2": (
        "0000CYEU2`4GM<}0000KW^{RQYH%_j00000YH%_j0000jYH%`W0000MX=r3}000070000900RdH0000001sntY;p"
        "kr000005C8xGs%mgDWB*V8Q2;Lh000002><{92LJ#700000000002><{92LJ#7000000009A0RaaA0S5sA|55-90"
        "0001009I90094701HA$Bv;c{(^q2uWB?@q0Yh?SVRU6=AYyqSPjF>!N>D{dAa-SPb7^mGATlmBE;Rp;015yA0000"
        "h00IA#&wzjtPl^t=mx@)-4ivx4H4?9i#DEaoKYoCKfdAP",
        "c-jTQF=|6G3;@tO_yWF#4-pCEAs6Tnkk^2QK!2=6D&<q?Y}~Ge@WFgSlC@**(A)IA@JI1UX{CIn@*r8Leo>!kOcb"
        "6Fe<9r<uTU0{Z>XQp-(Z{|tQc>Y?wBuF8p@1y!hXbY#&G4ha=LJCTxJ&Is@xAegu}z)VyRi4txP6r)vWJr>@56vY"
        "@XgdpS&Dh4qo@(UwmvmG>spcUNu)OXBE-9)4tWQ(SPl}RDu"),
    "lzw.tif": (
        "Nl7XIf&c&jfB{7efl$?+Pa!pqg!bxWxa40NU2Ze8$RLAc4N?xm(sUqyRSgu2a>FHve0MZd0k-oXfa?UAUj(F36&9"
        "}vGa7;LYvfo?6AoDfvM`w7Q$i(74kgjFfZshQfQWbC#VE)tC`f0ua``~J9I;soM^jW@4{<7>AOH#g009F40RR912"
        "LJ#70RaO50RR911poj50s#X60{{R3009610|5g70RR911poj51_1*A0RR910ssI25dj1M0RR912mk;86#)YP0RR9"
        "10{{R376AhQ0RR911poj57XbtS0RR91c>n+a903CW0RR910RR91000002mlBG2mk",
        SHARP),
    "alpha.tif": (
        "Nl7XI2mk;83jhEC1ONd5000L7000321ONd5000F5000630{{d7005Ez000940{{U400031000I70{{U400062000"
        "pI1ONd5005c*000#M0{{U4000C4000&N1ONd5000F5000*O1ONd5004{t000~T0{{U400031002?}0{{U4000620"
        "0000000O82mlBG2ml2r$Yd%t&ty+R)?{=~-DH_u<Yc~S>ty40@?;Q$$YeE;>||P<5M+O<G-RZ=SY*k>d}Qv?pky1"
        "~$Yen431nsXN@R)!i)617%w*Ib4P^N&PGlxI$Ye`KCS-6^gk+Uq;$*sQKxE%~o@4}v{A4kd$YfTbLu7ldzGR@gIb"
        "_Aiv}EelFJuqms$>",
        SHARP),
    "fax.tif": (
        "Nl7XI6aWAK3KS8nLQ**Z2mpWp2><{A0{{U4000L7000320{{U4000F5000630{{U400031000940{{U4000C4000"
        "I70{{U400031000pI1ONd5000O8000&N0{{U4000F5000*O1ONd5000XB000~T0{{U40003100000000",
        BLACK_AND_WHITE),
    "jpeg.tif": (
        "Nl7XIPyhe`|JeV)01*fP2LK5JQV{@05dcCF0RP$m3<FXCM*u<q06zfcd<FjiEWZlT)peHnxiydf00`Rp3iYbM{@H"
        "I+NBkpe=qvx(3jhEC0{{U4000R9000320{{U4000L7000630{{a6007zm000940{{U4000L7000I70{{U4000620"
        "00pI1ONd5000O8000#M0{{U400093000&N0{{U4000L7000*O1ONd5002k;000~T0{{U400031003J72LK@f007_"
        "s00000000O82mlBG|JeWA07C!>1_lQP1qcTR2MGxX3Jeqt3=0bk84?o@6df8L9vvDS93UhvCm<p$BODwkHz_PIF*"
        "GzZA166II5IpgGc+>)!~h=v009L70RaI40RR9100000009C61O)~M2nh-c|HJ^b5C8%J0|NpC0|f;H1ONa5eE|Xk"
        "00a>Q5+N}`1`|<X2O@D4GJ%ny2qQwV!4*=`@FX*0a)Jp878e*98YLztC@Cs5H8wXmIXXi`MMg(RNlH^xRaRG6Sz2"
        "RcWoBn+X=-zHb#`}nd3u9{g@%WSiHeewl$Dm3n3<ZQqok##r>Lo_va__cwzs&sy28W6#m2|T$;#5x)YaD4*xB0Q;"
        "^XAy=I7|?>hbdP^!4`l`1$((*#",
        "c-jTQF-k*05CG6a>?!sR%k<N1xs}xj3jx6q5k}AvLIR_MA><PRfv+rt4;B%TwMZrDJeKc;KZs{YC&=GWk02BH2yF"
        "*_4dEB#3DXzm53C225q*noh21dxl=xZFRPuYN`yxZ}m(mucKbCN$I8l0|yra4yaq>B}2kLhe4je~LTh1%4&n$EHd"
        "v3SfuQ=>A4w_u^LhF-?s9$TFX(tVX#aBy9%W73jZp>%aF0EhKKgIP_q5"),
    "zstd.tif": (
        "Nl7XIdH?_bD77#B0ANW200k(>DmBkfLe_Lo-I-kEzG>^@cJdH|$Tg7cTAdJosx+jxSjohE?$Mwd-pD}f31#?7iUo"
        "_W63o;e4f!liCOODUMka7mgq2|8x@|z;dY%M_{4tcsR-r?CuD+nVImO7d>eVj~;;IS&009F40RR912LJ#70RaO50"
        "RR911poj50s#X60{{R3_y7O^0|5g70RR91P{RNK1_1*A0RR910ssI25dj1M0RR912mk;86#)YP0RR910{{R376Ah"
        "Q0RR911poj57XbtS0RR91asU7T903CW0RR910RR91000002mlBG2mk",
        SHARP),
    "ycc.jp2": (
        "0000CYEU2`4GM<}0000KW^{RQYH%_j00000YH%_j0000jYH%`W0000MX=r3}000050000700RdH0000001sntY;p"
        "kr000005&!@I=4x;<WB*V8Q2;Lh000002LJ#71poj500000000002LJ#71poj5000000009A0RaaA0S5sA|55-90"
        "0001000C800IA800cll|6~9q00BdCWnpw>WFTUBAWv{*Zc0!^M<8}(a&u{KZXhx)H7+p!kN^q*00000ZU6!Qlh3q"
        "t5gwQ^dO6dyo)Tv`Uap@f@2T8~lBe%AVLoE(U(d97E|s8iW2Un?N?oOC7)hSo7@GEI+I_^A-!Op~CfUc-I1{P|d3"
        "%n`8^w>rU(KWfXUU}6iv1mx94FuuPyg8",
        YCC),
    "ycc420.jp2": (
        "0000CYEU2`4GM<}0000KW^{RQYH%_j00000YH%_j0000jYH%`W0000MX=r3}000050000700RdH0000001sntY;p"
        "kr000005&!@I!fJ3bWB*V8Q2;Lh000002LJ#71poj500000000002LJ#71poj5000000009A0RaaB0tW&D|55-90"
        "0001000C800IA800cll|6~9q00BdCWnpw>WFTUBAWv{*Zc0!^M<8}(a&u{KZXhx)H7+p!kN^q*00000N&o@>lh3q"
        "t5gwQ^dO6dyo)Tv`Uap@f@2T8~lBe%AVLoE(U&quI2Br{37AIg<5nrFj)D{7{U)+5Z5>&UTm;c!",
        YCC420),
}


def decode(file, *pixels):
    if pixels[0] is not None and not isinstance(pixels[0], int):
        pixels = [zlib.decompress(base64.b85decode("".join(pixels)))]
    return base64.b85decode(file), pixels[0]


FILES = {name: decode(*texts) for name, texts in TEXTS.items()}
